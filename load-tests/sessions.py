#!/usr/bin/env python3
"""Makes the sessions of a load test: sessions.py FOLDER COUNT HOT

  FOLDER/known.tsv      COUNT tokens and their users, token<TAB>user
  FOLDER/hot.tsv        the first HOT of them
  FOLDER/sessions.resp  the commands that put their records into Redis, for redis-cli --pipe

The same each time. Six headers of the skygear profile come from each record.
"""

import base64
import hashlib
import pathlib
import random
import sys

RECORD = (
    '{{"v":1,"user_id":"{user}","roles":["user"],"verified":true,'
    '"identity":{{"id":"i-{number}","type":"password","updated_at":"2026-01-05T08:30:00.000Z"}},'
    '"created_at":"2026-01-05T08:30:00Z"}}'
)
LIFETIME_SECONDS = 86400


def command(*words):
    parts = [f"*{len(words)}\r\n"] + [f"${len(word)}\r\n{word}\r\n" for word in words]
    return "".join(parts).encode()


def main():
    folder, count, hot = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(1)
    lines = []
    with open(folder / "sessions.resp", "wb") as commands:
        for number in range(count):
            token = base64.urlsafe_b64encode(chance.randbytes(32)).rstrip(b"=").decode()
            user = f"u-{number:06}"
            key = "session:" + hashlib.sha256(token.encode()).hexdigest()
            record = RECORD.format(user=user, number=number)
            commands.write(command("SET", key, record, "EX", str(LIFETIME_SECONDS)))
            lines.append(f"{token}\t{user}\n")
    (folder / "known.tsv").write_text("".join(lines))
    (folder / "hot.tsv").write_text("".join(lines[:hot]))


if __name__ == "__main__":
    main()
