"""Instructions of the gateway for one request, counted by callgrind. Which, and how to read them: `run` beside this file."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

ROUNDS, WARM_UP, REQUESTS = 3, 100, 300

KNOWN, UNKNOWN = "Zq3vT8yK1mW5cR7nB2xJ9pL4sD6fG0hA", "Xw1aS9kE4rT6yU2iO8pQ3dF5gH7jK0lZ"
SESSIONS = f"- {{token: {KNOWN}, record: {{v: 1, user_id: user-1, roles: [user], verified: true}}}}\n"
# Nothing ends within the run: neither what is remembered, nor a timer.
CONFIG = """\
listen: 127.0.0.1:{gateway}
client: {{timeout: {{header: 60s}}}}
upstreams: {{app: 127.0.0.1:{upstream}}}
sessions: {{memory: {{seed: sessions.yaml}}, token: [{{cookie: session}}]}}
cache: {{ttl: 10m, negative_ttl: 10m}}
routes:
  - {{host: raw.test, upstream: app}}
  - {{host: own.test, upstream: app, identity: skygear, require: session}}
  - {{host: app.test, upstream: app, identity: skygear}}
threads: 1
log: {{access: none, level: warn}}
"""
REQUEST = """\
GET {path} HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
Accept: application/json, text/plain, */*
Accept-Language: en-GB,en;q=0.7,de;q=0.3
Accept-Encoding: gzip, deflate, br, zstd
Referer: https://{host}/orders
Connection: keep-alive
Cookie: theme=dark; {session}_ga=GA1.1.1234567890.1700000000
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-origin
Priority: u=0

"""
ENVIRONMENT = {
    # callgrind counts `rep movsb` as one instruction for each byte; without ERMS, libc copies with vectors.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS",
    # Else mimalloc, once waiting timers fill a page, opens and closes another for each request; a slow machine gets there.
    "MIMALLOC_PAGE_FULL_RETAIN": "0",
}
# The host, the token, and the status that must come.
SCENARIOS = {
    "plain": ("raw.test", KNOWN, 200),
    "anonymous": ("app.test", None, 200),
    "hit": ("app.test", KNOWN, 200),
    "unknown": ("app.test", UNKNOWN, 200),
    "denied": ("own.test", None, 401),
}


class Gateway:
    """A gateway under callgrind, and the service behind it; they end with `ends`."""

    def __init__(self, binary, folder, ends):
        self.counts, self.file = 0, folder / "callgrind"
        self.port, upstream = free_port(), free_port()
        (folder / "sessions.yaml").write_text(SESSIONS)
        config = folder / "sessiongate.yaml"
        config.write_text(CONFIG.format(gateway=self.port, upstream=upstream))
        log = ends.enter_context(open(folder / "log", "wb"))
        start(ends, log, binary, "echo", "--listen", f"127.0.0.1:{upstream}")
        Client(upstream, log.name).close()
        callgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={self.file}")
        self.process = start(ends, log, *callgrind, binary, "run", "--config", config)
        Client(self.port, log.name).close()

    def count(self, work):
        """Instructions of all threads while `work` is done, and callgrind's file about them."""
        self.control("--zero")
        work()
        self.control("--dump")
        self.counts += 1
        file = self.file.with_name(f"{self.file.name}.{self.counts}")
        text = file.read_text()
        # callgrind_annotate takes a call that began before the count for work of the caller.
        file.write_text(re.sub(r"^calls=0 ", "calls=1 ", text, flags=re.MULTILINE))
        return int(re.search(r"^totals: (\d+)", text, re.MULTILINE)[1]), file

    def control(self, order):
        command = ["callgrind_control", order, str(self.process.pid)]
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Client:
    """One keep-alive connection."""

    def __init__(self, port, log):
        end = time.monotonic() + 60
        while True:
            try:
                self.connection = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    sys.exit(f"nobody listens on port {port}\n{pathlib.Path(log).read_text()}")
                time.sleep(0.05)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request):
        """Status and body of the answer."""
        self.connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        head, body = answer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)\ncontent-length: *(\d+)", head)[1])
        while len(body) < length:
            body += self.receive()
        return int(head.split()[1]), body

    def receive(self):
        some = self.connection.recv(65536)
        if not some:
            raise ConnectionError("the gateway closed the connection")
        return some

    def close(self):
        self.connection.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(ends, log, *command):
    process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **ENVIRONMENT})
    ends.callback(process.wait)
    ends.callback(process.terminate)
    return process


def request(scenario, path):
    host, token, _ = SCENARIOS[scenario]
    session = f"session={token}; " if token else ""
    return REQUEST.format(path=path, host=host, session=session).replace("\n", "\r\n").encode()


def measure(binary, scenario, folder):
    """Instructions per request, and callgrind's file about them."""
    with contextlib.ExitStack() as ends:
        gateway = Gateway(binary, folder, ends)
        return min(one_round(gateway, scenario, folder) for _ in range(ROUNDS))


def one_round(gateway, scenario, folder):
    client = Client(gateway.port, folder / "log")
    _, _, expected = SCENARIOS[scenario]
    status, seen = client.ask(request(scenario, "/"))
    if status != expected or (b"user-1" in seen) != (scenario == "hit"):
        sys.exit(f"{scenario}: not the answer that is to be measured: {status} {seen.decode()}")
    quiet = request(scenario, "/bench")

    def ask(times):
        for _ in range(times):
            status, _ = client.ask(quiet)
            if status != expected:
                sys.exit(f"{scenario}: answered {status}")

    ask(WARM_UP)
    total, file = gateway.count(lambda: ask(REQUESTS))
    client.close()
    return round(total / REQUESTS), file
