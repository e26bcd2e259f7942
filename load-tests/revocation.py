#!/usr/bin/env python3
"""Two questions about a running gateway with a real Redis, both on loopback:

  revoke       how long from a revocation to the first refused request, by each way to revoke, idle and under load?
  redis-down   how many requests of known sessions fail while Redis is killed and restarted?

Needs redis-server, and wrk for the load. Standard library only. Usage: revocation.py revoke|redis-down [--binary PATH]
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import json
import pathlib
import random
import socket
import subprocess
import tempfile
import time

GATEWAY, UPSTREAM = 18301, 18300
SECRET = "a secret of thirty-two bytes and more"
RECORD = '{"v":1,"user_id":"u-1","verified":true}'
REVOCATIONS = 1000
OUTAGE_SECONDS = 30


def key(token):
    return "session:" + hashlib.sha256(token.encode()).hexdigest()


class Redis:
    """A server of our own on a unix socket, and one connection to it."""

    def __init__(self, folder):
        self.path = str(folder / "redis.sock")
        self.folder = folder
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "60 1", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        self.connection = until(lambda: connect(socket.AF_UNIX, self.path))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def command(self, *words):
        parts = [f"*{len(words)}\r\n".encode()]
        parts += [f"${len(word.encode())}\r\n{word}\r\n".encode() for word in words]
        self.connection.sendall(b"".join(parts))
        return self.connection.recv(65536)


class Client:
    """One keep-alive connection to the gateway, and another when it has served its number of requests."""

    def __init__(self):
        self.connect()

    def connect(self):
        self.connection = until(lambda: connect(socket.AF_INET, ("127.0.0.1", GATEWAY)))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def status(self, token):
        request = f"GET /bench HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\n\r\n"
        self.connection.sendall(request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        head, body = answer.split(b"\r\n\r\n", 1)
        lines = head.lower().split(b"\r\n")
        length = int(next(line for line in lines if line.startswith(b"content-length:")).split(b":")[1])
        while len(body) < length:
            body += self.receive()
        if b"connection: close" in lines:
            self.connect()
        return int(lines[0].split()[1])

    def receive(self):
        some = self.connection.recv(65536)
        if not some:
            raise ConnectionError("the gateway closed the connection")
        return some


def connect(family, address):
    connection = socket.socket(family)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


def until(probe, patience=10.0):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(0.02)
    raise TimeoutError("nobody answers")


@contextlib.contextmanager
def stack(binary):
    """Redis, the echo upstream and the gateway; all of them end with the block."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        folder = pathlib.Path(name)
        redis = Redis(folder)
        ends.callback(redis.stop)
        config = folder / "sessiongate.yaml"
        config.write_text(
            f"listen: 127.0.0.1:{GATEWAY}\n"
            "sessions:\n"
            f'  web: {{redis: "unix://{redis.path}"}}\n'
            "  api:\n"
            "    token: bearer\n"
            f'    jwt: {{algorithms: [HS256], secret: "{SECRET}"}}\n'
            f'    revoked: "unix://{redis.path}"\n'
            "routes:\n"
            f'  - {{upstream: "127.0.0.1:{UPSTREAM}", identity: skygear, require: session}}\n'
            "log: {access: none, level: error}\n"
        )
        for arguments in (["echo", "--listen", f"127.0.0.1:{UPSTREAM}"], ["run", "--config", str(config)]):
            process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ends.callback(process.wait)
            ends.callback(process.terminate)
        yield redis


@contextlib.contextmanager
def load(redis):
    """Eight connections that ask as fast as they can with a session of their own."""
    redis.command("SET", key("load"), RECORD)
    url = f"http://127.0.0.1:{GATEWAY}/bench"
    wrk = subprocess.Popen(
        ["wrk", "-t1", "-c8", "-d120s", "-H", "Authorization: Bearer load", url], stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        wrk.terminate()
        wrk.wait()


def session(redis, user):
    """A record, and the token that opens it."""
    token = f"token-{random.random()}"
    record = {"v": 1, "user_id": user, "verified": True, "created_at": "2026-01-01T00:00:00Z"}
    redis.command("SET", key(token), json.dumps(record), "EX", "600")
    return token


def signed_token(redis, user):
    """A token of its own proof; its id is that of its user."""
    part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=")
    now = int(time.time())
    claims = {"sub": user, "jti": user, "iat": now - 60, "exp": now + 600}
    text = b".".join(part(json.dumps(value).encode()) for value in ({"alg": "HS256"}, claims))
    return (text + b"." + part(hmac.digest(SECRET.encode(), text, "sha256"))).decode()


def delete(redis, token, user):
    redis.command("DEL", key(token))


def log_out_everywhere(redis, token, user):
    redis.command("SET", f"sessiongate:user:{user}", json.dumps({"not_before": int(time.time() * 1000)}), "EX", "600")


def announce(redis, token, user):
    sid = hashlib.sha256(token.encode()).hexdigest()[:16]
    redis.command("PUBLISH", "sessiongate:events", json.dumps({"revoke": {"session": sid}}))


def revoke_id(redis, token, user):
    redis.command("SET", f"sessiongate:revoked:{user}", "1", "EX", "600")


def announce_id(redis, token, user):
    redis.command("PUBLISH", "sessiongate:events", json.dumps({"revoke": {"jti": user}}))


WAYS = {
    "DEL": (session, delete),
    "user": (session, log_out_everywhere),
    "message": (session, announce),
    "jwt jti": (signed_token, revoke_id),
    "jwt user": (signed_token, log_out_everywhere),
    "jwt msg": (signed_token, announce_id),
}


def revoke(redis, client, way):
    """Milliseconds from the revocation to the first refusal, and how often a later request was let in again."""
    lags, revived = [], 0
    issue, end = WAYS[way]
    for _ in range(REVOCATIONS):
        user = f"u-{random.random()}"
        token = issue(redis, user)
        for _ in range(3):
            assert client.status(token) == 200
        began = time.perf_counter()
        end(redis, token, user)
        while client.status(token) != 401:
            pass
        lags.append((time.perf_counter() - began) * 1e3)
        revived += any(client.status(token) != 401 for _ in range(3))
    lags.sort()
    return lags, revived


def report_revocations(redis):
    client = Client()
    print(f"{'':17}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}{'let in later':>14}   of {REVOCATIONS}")
    for name, condition in (("idle", contextlib.nullcontext()), ("loaded", load(redis))):
        with condition:
            for way in WAYS:
                lags, revived = revoke(redis, client, way)
                p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
                print(f"{name:8}{way:9}{p50:10.2f}{p99:10.2f}{lags[-1]:10.2f}{revived:14}")


def report_outage(redis):
    client = Client()
    tokens = [f"known-{number}" for number in range(100)]
    for token in tokens:
        redis.command("SET", key(token), RECORD, "EX", "3600")
    for token in tokens * 3:
        assert client.status(token) == 200
    redis.stop()
    seen = {}
    end = time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < end:
        status = client.status(random.choice(tokens))
        seen[status] = seen.get(status, 0) + 1
        time.sleep(0.001)
    unknown = client.status("unknown")
    redis.start()
    began = time.monotonic()
    until(lambda: client.status("unknown") == 401)
    print(f"{OUTAGE_SECONDS} s without Redis: known sessions were answered {seen}, an unknown token {unknown}")
    print(f"an unknown token is judged again {time.monotonic() - began:.2f} s after Redis is back")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("question", choices=["revoke", "redis-down"])
    arguments.add_argument("--binary", default="target/release/sessiongate")
    asked = arguments.parse_args()
    with stack(asked.binary) as redis:
        report_revocations(redis) if asked.question == "revoke" else report_outage(redis)


if __name__ == "__main__":
    main()
