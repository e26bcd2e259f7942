#!/usr/bin/env python3
"""Runs one of the verifiers behind a real gateway and shows it what holds and what does not.

check.py SESSIONGATE COMMAND…, in the folder of the verifier: check.py target/release/sessiongate node verify.mjs
With ALGORITHM=EdDSA in the environment the gateway signs with Ed25519. Needs openssl. Exits with 0 if the verifier is
right in every case.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ISSUER, AUDIENCE = "https://gateway.test", "service"
HEADER = "X-Sessiongate-Assertion"
ALGORITHM = os.environ.get("ALGORITHM", "ES256")
TOLD = {"user": "u-17", "roles": ["user", "admin"]}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with {process.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


def ask(port, headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, None


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header, claims, key):
    """A token of ours, to show what the gateway would never sign."""
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        how = ["-rawin"] if ALGORITHM == "EdDSA" else ["-rawin", "-digest", "sha256"]
        command = ["openssl", "pkeyutl", "-sign", "-inkey", key, *how, "-in", file.name]
        signature = subprocess.run(command, capture_output=True, check=True).stdout
    return text + "." + base64url(signature if ALGORITHM == "EdDSA" else raw(signature))


def raw(der):
    """r and s, 32 bytes each, out of the DER that OpenSSL writes (RFC 3279, section 2.2.3)."""
    numbers, at = [], 2
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length], "big").to_bytes(32, "big"))
        at += 2 + length
    return b"".join(numbers)


def new_key(path):
    kinds = {"ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "EdDSA": ["ED25519"]}
    command = ["openssl", "genpkey", "-out", path, "-algorithm", *kinds[ALGORITHM]]
    subprocess.run(command, check=True, capture_output=True)
    return str(path)


def config(folder, gateway, service):
    record = {"v": 1, "user_id": TOLD["user"], "roles": TOLD["roles"]}
    (folder / "seed.yaml").write_text(json.dumps([{"token": "token-a", "record": record}]))
    route = {"upstream": f"127.0.0.1:{service}"}
    identity = {"profile": "assertion", "audience": AUDIENCE}
    routes = [
        {**route, "identity": identity},
        {**route, "path": "/other", "name": "other", "identity": {**identity, "audience": "another"}},
    ]
    text = {
        "listen": f"127.0.0.1:{gateway}",
        "sessions": {"memory": {"seed": "seed.yaml"}},
        "assertion": {"issuer": ISSUER, "algorithm": ALGORITHM, "keys": [{"file": "key.pem"}]},
        "routes": routes,
    }
    path = folder / "gate.yaml"
    path.write_text(json.dumps(text))
    return path


def cases(gateway, service, folder):
    """What is asked, of whom, and what is to come of it; None for any body."""
    bearer = {"Authorization": "Bearer token-a"}
    yield "nobody", ask(gateway, {}), (200, None)
    yield "a session", ask(gateway, bearer), (200, TOLD)
    yield "forged by the client", ask(gateway, {HEADER: "a.b.c"}), (200, None)
    keys = json.load(urllib.request.urlopen(f"http://127.0.0.1:{gateway}/.sessiongate/jwks.json", timeout=20))
    now = int(time.time())
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": keys["keys"][0]["kid"]}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-17", "iat": now, "exp": now + 60, "roles": TOLD["roles"]}
    key, other = str(folder / "key.pem"), new_key(folder / "other.pem")
    show = lambda token: ask(service, {HEADER: token})
    good = signed(header, claims, key)
    yield "as the gateway signs", show(good), (200, TOLD)
    yield "a clock ahead", show(signed(header, {**claims, "iat": now + 10, "exp": now - 10}, key)), (200, TOLD)
    wrong = {
        "over": signed(header, {**claims, "iat": now - 120, "exp": now - 60}, key),
        "for another service": signed(header, {**claims, "aud": "another"}, key),
        "of another issuer": signed(header, {**claims, "iss": "https://evil.test"}, key),
        "without an end": signed(header, {name: value for name, value in claims.items() if name != "exp"}, key),
        "for nobody": signed(header, {name: value for name, value in claims.items() if name != "aud"}, key),
        "by another key": signed(header, claims, other),
        "by a key nobody knows": signed({**header, "kid": "unknown"}, claims, key),
        "not signed": ".".join(base64url(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims)) + ".",
        "named HS256": signed({**header, "alg": "HS256"}, claims, key),
        "with other claims": ".".join([good.split(".")[0], base64url(json.dumps({**claims, "sub": "root"}).encode()), good.split(".")[2]]),
        "cut": good[:-4],
        "not a token": "hunter2",
    }
    for name, token in wrong.items():
        yield name, show(token), (401, None)
    request = urllib.request.Request(f"http://127.0.0.1:{gateway}/other", headers=bearer)
    try:
        urllib.request.urlopen(request, timeout=20)
        yield "of a route for another service", (200, None), (401, None)
    except urllib.error.HTTPError as refused:
        yield "of a route for another service", (refused.code, None), (401, None)


def main():
    binary, command = str(Path(sys.argv[1]).resolve()), sys.argv[2:]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        gateway, service, keyless = free_port(), free_port(), free_port()
        new_key(folder / "key.pem")
        environment = {
            **os.environ,
            "KEYS": f"http://127.0.0.1:{gateway}/.sessiongate/jwks.json",
            "ISSUER": ISSUER,
            "AUDIENCE": AUDIENCE,
            "PORT": str(service),
        }
        path = config(folder, gateway, service)
        started = [
            (gateway, [binary, "run", "--config", str(path)], {"stdout": subprocess.DEVNULL}),
            (service, command, {"env": environment}),
            (keyless, command, {"env": {**environment, "KEYS": f"http://127.0.0.1:{free_port()}/", "PORT": str(keyless)}}),
        ]
        running, failed = [], 0
        try:
            for port, words, options in started:
                running.append(subprocess.Popen(words, **options))
                wait_for(port, running[-1])
            good = signed({"alg": ALGORITHM, "kid": "any"}, {}, str(folder / "key.pem"))
            away = ("keys that cannot be had", ask(keyless, {HEADER: good}), (503, None))
            for name, seen, expected in [*cases(gateway, service, folder), away]:
                right = seen == expected
                failed += not right
                print(f"{'ok' if right else 'WRONG':<6}{name}" + ("" if right else f": {seen}, not {expected}"))
        finally:
            for process in running:
                process.terminate()
                process.wait()
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
