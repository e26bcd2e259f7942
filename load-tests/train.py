#!/usr/bin/env python3
"""Shows a gateway the requests it will see, and checks every answer: train.py BINARY [REQUESTS]

For `make pgo`, which lays the release binary out for them: mostly known sessions, in a cookie or as bearer token, some
signed tokens, some first sights of a session, some nobodies, few who are refused. Sessions are in a Redis of its own, the
service is `BINARY echo`. Once with one worker and once with two, since their runtimes are different ones.

It measures nothing, and is not what `run.sh` sends: a layout that fits one benchmark alone would show there.
"""

import base64
import collections
import contextlib
import hmac
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

SESSIONS, HOT, CONNECTIONS = 20_000, 2_000, 16
PATIENCE = 30
JWT_KEY = "a secret of the training run, 32+"
CONFIG = """\
listen: 127.0.0.1:{gateway}
upstreams: {{app: 127.0.0.1:{upstream}}}
sessions:
  web: {{redis: {{url: "unix://{redis}"}}, token: [{{cookie: session}}, bearer]}}
  api:
    token: [bearer]
    jwt: {{algorithms: [HS256], secret: {{env: JWT_KEY}}}}
    revoked: "unix://{redis}"
routes:
  - {{host: raw.test, upstream: app}}
  - {{host: own.test, upstream: app, identity: skygear, require: session}}
  - {{host: data.test, upstream: app, identity: hasura}}
  - {{host: app.test, upstream: app, identity: skygear}}
threads: {threads}
log: {{access: all, level: warn}}
"""
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: application/json, text/plain, */*\r\nAccept-Language: en-GB,en;q=0.7\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://app.test/orders\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"
)
PROGRAM = "User-Agent: orders/2.1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"
FORGED = "X-Skygear-User-Id: root\r\nX_Skygear_User_Id: root\r\nX-Hasura-Role: admin\r\nX-Forwarded-For: 10.0.0.1\r\n"

Kind = collections.namedtuple("Kind", "weight host head shows method status", defaults=("cookie", "GET", 200))
KINDS = [
    Kind(40, "app.test", BROWSER),
    Kind(20, "app.test", PROGRAM, "bearer"),
    Kind(5, "data.test", PROGRAM, "jwt"),
    Kind(5, "own.test", BROWSER),
    Kind(5, "app.test", BROWSER, method="POST"),
    Kind(2, "app.test", PROGRAM, "bearer", "chunked"),
    Kind(6, "app.test", BROWSER, "first"),
    Kind(6, "app.test", BROWSER, "nothing"),
    Kind(4, "app.test", PROGRAM, "unknown"),
    Kind(3, "own.test", BROWSER, "nothing", "GET", 401),
    Kind(2, "app.test", BROWSER + FORGED),
    Kind(2, "raw.test", BROWSER),
]


class Crowd:
    """Whoever asks: makes requests, and knows what user the service has to hear of."""

    def __init__(self, folder, seed):
        lines = (folder / "known.tsv").read_text().splitlines()
        self.known = [line.split("\t") for line in lines]
        self.chance = random.Random(seed)
        self.seen = HOT

    def ask(self):
        """Bytes to send, the status that must come, and the user."""
        kind = self.chance.choices(KINDS, [kind.weight for kind in KINDS])[0]
        shown, user = self.show(kind.shows)
        method, body = kind.method, ""
        if method == "POST":
            body = f"Content-Length: 60\r\n\r\n{'order=7&':.<60}"
        elif method == "chunked":
            method, body = "POST", "Transfer-Encoding: chunked\r\n\r\n1e\r\n" + "x" * 30 + "\r\n0\r\n\r\n"
        head = f"{method} /orders?page=2 HTTP/1.1\r\nHost: {kind.host}\r\n{kind.head}{shown}"
        expected = user if kind.status == 200 and kind.host != "raw.test" else None
        return (head + (body or "\r\n")).encode(), kind.status, expected

    def show(self, what):
        token, user = self.chance.choice(self.known[:HOT])
        if what == "first":
            token, user = self.known[self.seen]
            self.seen = max(HOT, (self.seen + 1) % len(self.known))
        elif what == "unknown":
            token, user = self.chance.randbytes(32).hex(), None
        elif what == "jwt":
            user = f"j-{self.chance.randrange(HOT)}"
            token = signed(user)
        elif what == "nothing":
            return "Cookie: theme=dark\r\n", None
        if what in ("cookie", "first"):
            return f"Cookie: theme=dark; session={token}; _ga=GA1.1.1234567890.1700000000\r\n", user
        return f"Authorization: Bearer {token}\r\n", user


def signed(user):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = {"sub": user, "exp": 4102444800, "roles": ["user"]}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.digest(JWT_KEY.encode(), text, "sha256"))).decode()


def answer(connection):
    """Status and all the text of one answer."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += more(connection)
    head, _, body = text.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
    while len(body) < length if length is not None else not body.endswith(b"0\r\n\r\n"):
        body += more(connection)
    return int(head.split()[1]), body.decode()


def more(connection):
    some = connection.recv(65536)
    if not some:
        raise ConnectionError("the gateway closed a connection")
    return some


def rehearse(binary, folder, redis, threads, requests):
    """All of it with so many workers."""
    with contextlib.ExitStack() as ends:
        upstream, gateway = free_port(), free_port()
        config = folder / "sessiongate.yaml"
        config.write_text(CONFIG.format(gateway=gateway, upstream=upstream, redis=redis, threads=threads))
        # What the service does is nothing that the gateway does.
        aside = {"LLVM_PROFILE_FILE": str(folder / "echo.profraw")}
        start(ends, folder / "echo.log", aside, binary, "echo", "--listen", f"127.0.0.1:{upstream}")
        start(ends, folder / "gateway.log", {"JWT_KEY": JWT_KEY}, binary, "run", "--config", config)
        connect(upstream, folder / "echo.log").close()
        connections = [connect(gateway, folder / "gateway.log") for _ in range(CONNECTIONS)]
        try:
            ask_all(connections, Crowd(folder, threads), requests)
        except (OSError, ValueError) as fault:
            # Beside its access lines, which say nothing of that.
            said = [line for line in (folder / "gateway.log").read_text().splitlines() if '"access"' not in line]
            sys.exit("\n".join([str(fault), *said]))


def ask_all(connections, crowd, requests):
    for _ in range(requests // CONNECTIONS):
        asked = [crowd.ask() for _ in connections]
        for connection, (request, _, _) in zip(connections, asked):
            connection.sendall(request)
        for connection, (request, status, user) in zip(connections, asked):
            came, body = answer(connection)
            if came != status or ((user or "root") in body) != bool(user):
                raise ValueError(f"not the answer that had to come: {came}\n{request.decode()}\n{body}")
    for connection in connections:
        connection.close()


def start(ends, log, environment, *command):
    out = ends.enter_context(open(log, "wb"))
    process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment})
    # What was counted is written down when the process ends by itself.
    ends.callback(process.wait)
    ends.callback(process.terminate)


def connect(port, log):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                sys.exit(f"nobody listens on port {port}\n{log.read_text()}")
            time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    binary = sys.argv[1]
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    sessions = pathlib.Path(__file__).with_name("sessions.py")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        folder = pathlib.Path(name)
        redis = folder / "redis.sock"
        subprocess.run([sessions, folder, str(SESSIONS), str(HOT)], check=True)
        start(ends, folder / "redis.log", {}, "redis-server", "--port", "0", "--unixsocket", redis, "--save", "")
        end = time.monotonic() + PATIENCE
        while not redis.exists():
            if time.monotonic() > end:
                sys.exit(f"redis-server does not listen on {redis}\n{(folder / 'redis.log').read_text()}")
            time.sleep(0.05)
        with open(folder / "sessions.resp", "rb") as commands:
            subprocess.run(["redis-cli", "-s", redis, "--pipe"], stdin=commands, stdout=subprocess.DEVNULL, check=True)
        for threads in (1, 2):
            rehearse(binary, folder, redis, threads, requests)
    print(f"{2 * requests} requests, every answer as it had to be")


if __name__ == "__main__":
    main()
