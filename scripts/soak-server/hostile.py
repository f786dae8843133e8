"""Requests that mean harm: none gets out of the data folder, fails the server, or keeps others out.

    hostile.py PROGRAM FOLDER
"""
import collections
import itertools
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import service
from service import Service, expect

REQUESTS, SLOW = 2000, 400
program, folder = sys.argv[1:3]
chance = random.Random(int(os.environ.get("SEED", 1)))
os.makedirs(folder, exist_ok=True)
canary = secrets.token_hex(16)
for name in ["canary.txt", "canary.mp4", "data-canary.txt"]:
    with open(f"{folder}/{name}", "w") as file:
        file.write(canary)

os.makedirs(f"{folder}/films", exist_ok=True)
server = Service(program, folder, "--workers", "2", "--allow-folder", f"{folder}/films")


def user(name, *options):
    """Their token."""
    said = subprocess.run([program, "users", "add", name, "--data", "data", *options], cwd=folder, text=True,
                          capture_output=True)
    return said.stdout.strip()


ADMIN, MIA, TOM = user("ada", "--admin"), user("mia"), user("tom")
ACCESS = {"Authorization": f"Bearer {ADMIN}"}
picture = f"{folder}/picture.png"
service.film(picture, "-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1")
with open(picture, "rb") as file:
    PICTURE = file.read()
JOB = server.json("/api/jobs?filename=a.png", "POST", PICTURE, ACCESS)["id"]
HELD = server.json("/api/jobs?filename=b.png&hold=true", "POST", PICTURE, ACCESS)["id"]
UPLOAD = server.json("/api/uploads?filename=c.png&size=100", "POST", None, ACCESS)["id"]

ESCAPES = [
    "../canary.txt", "../../canary.txt", "../../../canary.txt", "..%2fcanary.txt", "..%2f..%2f..%2fcanary.txt",
    "%2e%2e/%2e%2e/canary.txt", "%252e%252e%252f%252e%252e%252fcanary.txt", "..%c0%af..%c0%afcanary.txt",
    "..%5c..%5ccanary.txt", "....//....//canary.txt", "..;/..;/canary.txt", f"{folder}/canary.txt",
    f"file://{folder}/canary.txt", f"{folder}/films/../canary.txt", f"{folder}/films/..%2fcanary.mp4", urllib.parse.quote(f"{folder}/canary.mp4", safe=""), "../../../../../../etc/passwd",
    "%2fetc%2fpasswd", "..%00/canary.txt", "canary.txt%00.mp4", "%uff0e%uff0e/canary.txt", "~/canary.txt",
]
OTHERS = [
    "'", "'%20OR%201=1--", "';DROP%20TABLE%20job;--", "1%20UNION%20SELECT%20token%20FROM%20user", "%27%29%3b--",
    "x'||(SELECT%20token%20FROM%20user)||'", "$(cat%20canary.txt)", "`id`", "%7ccat%20/etc/passwd", "{{7*7}}",
    "%0d%0aX-Evil:%201", "%0aSet-Cookie:%20a=b", "%00", "%", "%zz", "%ff%fe", "%e2%80%ae", "<script>alert(1)</script>",
    "-1", "0", "99999999999999999999999", "1e309", "nan", "inf", "-0", "0x10", "1;2", "true", "null", "[]", "a" * 9000,
    "%F0%9F%8E%AC" * 50, "*", "?", "&&", "==", "cel:..%2f..", "cel:%00", "concat:/etc/passwd", "http://127.0.0.1/",
]
PAYLOADS = ESCAPES + OTHERS
PLACES = [
    "/{}", "/api/{}", "/api/jobs/{}", "/api/jobs/{}/result", "/api/jobs/{}/input", "/api/jobs/{}/log",
    f"/api/jobs/{JOB}/{{}}", f"/api/jobs/{JOB}{{}}/result", f"/api/jobs/{JOB}/result/{{}}", "/api/uploads/{}",
    "/api/presets/{}/preview", "/openapi.json/{}", "/?token={}", "/api/jobs?token={}",
]


def parameters():
    """(method, path) with {} in place of a value, of each parameter in the description."""
    described = server.json("/openapi.json", headers=ACCESS)
    for path, methods in described["paths"].items():
        identifier = UPLOAD if "uploads" in path else HELD
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    there = path.replace("{id}", identifier).replace("{name}", "cel")
                    rest = "&hold=true" if path == "/api/jobs" and method == "post" else ""
                    yield method.upper(), f"{there}?{parameter['name']}={{}}{rest}"


def request(method, path, headers=(), body=b"", host=None):
    """The bytes of a request, with whatever it is told in them."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{server.port}'}", "Connection: close",
             *(f"{name}: {value}" for name, value in headers)]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body


def hostile():
    """(what, bytes) of all requests."""
    access = list(ACCESS.items())
    for payload, place in itertools.product(PAYLOADS, PLACES):
        yield f"GET {place}", request("GET", place.format(payload), access)
    for payload, (method, place) in itertools.product(PAYLOADS, parameters()):
        yield f"{method} {place}", request(method, place.format(payload), access, b"" if "?path=" in place else b"x")
    ranges = ["bytes=", "bytes=-", "bytes=5-1", "bytes=-0", "bytes=99999999999999999999-", "bytes=0-0,2-3,4-",
              "bytes=a-b", "bytes=-99999999999999999999", "bytes=9223372036854775807-9223372036854775807",
              "bytes=-9223372036854775808", "lines=0-1", "bytes=0-" + "9" * 500, "bytes=" + "0-0," * 2000]
    for text, path in itertools.product(ranges, ["result", "input"]):
        yield f"Range on {path}", request("GET", f"/api/jobs/{JOB}/{path}", [*access, ("Range", text)])
    contents = ["bytes 0-0/0", "bytes 0-99/1", "bytes 5-1/100", "bytes -1-5/100", "bytes */*", "bytes 0-/100", "x",
                "bytes 0-99999999999999999999/100", "bytes 9223372036854775807-9223372036854775807/100", "bytes 0-0/100, 1-1/100",
                "bytes 0-9223372036854775807/9223372036854775808", "bytes  0-1/100", "bytes\t0-1/100", ""]
    for text, size in itertools.product(contents, [0, 1, 1000]):
        yield "Content-Range", request("PUT", f"/api/uploads/{UPLOAD}", [*access, ("Content-Range", text)], b"x" * size)
    for token in ["", "x", "Bearer", MIA + "0", MIA[:-1], MIA.upper() + " ", "' OR 1=1--", "\x00", "a" * 8000, "Basic YTpi",
                  "Bearer " + ADMIN]:
        for path in ["/api/presets", "/api/jobs", f"/api/jobs/{JOB}", "/metrics"]:
            yield "wrong token", request("GET", path, [("Authorization", f"Bearer {token}")])
            yield "wrong token", request("GET", f"{path}?token={urllib.parse.quote(token)}")
    for token, (method, path) in itertools.product([MIA, TOM], [
            ("GET", ""), ("GET", "/result"), ("GET", "/input"), ("GET", "/log"), ("GET", "/events"), ("GET", "/media"),
            ("GET", "/preview"), ("GET", "/frame"), ("GET", "/thumbnail"), ("GET", "/proxy"), ("DELETE", ""),
            ("PATCH", "?priority=1"), ("POST", "/cancel"), ("POST", "/retry"), ("POST", "/start")]):
        yield "another user's", request(method, f"/api/jobs/{JOB}{path}", [("Authorization", f"Bearer {token}")])
    for token in [MIA, TOM]:
        yield "another user's", request("GET", "/metrics", [("Authorization", f"Bearer {token}")])
    for method, path in itertools.product(
            ["PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "HEAD", "PROPFIND", "get", "G\x00T", "X" * 5000, "POST"],
            ["/", "/metrics", "/api/presets", f"/api/jobs/{HELD}/result", f"/api/uploads/{'0' * 32}", "*"]):
        yield "method", request(method, path, access)
    yield "method", request("POST", f"/api/jobs/{JOB}", [*access, ("X-HTTP-Method-Override", "DELETE")])
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "127.0.0.1:80@evil", "", "[::1", "\x00",
                 "127.0.0.1\tevil", "0x7f.1", "2130706433", "a" * 9000]:
        yield "Host", request("GET", "/api/jobs", access, host=host or " ")
    for name, value in [("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", f"https://127.0.0.1:{server.port}"),
                        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "file://")]:
        for method in ["GET", "POST", "DELETE"]:
            yield "other site", request(method, f"/api/jobs/{HELD}", [*access, (name, value)])
    for name, value in [("X", "x" * 20_000), ("X" * 20_000, "x"), ("X", "a\r\n b"), ("X", "a\x00b"), ("X", "a\rb"), (" X", "y"),
                        ("X ", "y"), ("", "y"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "gzip, chunked"),
                        ("Content-Length", "-1"), ("Content-Length", "1, 2"), ("Content-Length", "9" * 40),
                        ("Transfer-Encoding", "xchunked"), ("Expect", "200-ok"), ("Upgrade", "h2c"), ("Cookie", "a" * 15000),
                        ("X-Forwarded-For", "127.0.0.1"), ("X-Original-URL", "/metrics"), ("Content-Encoding", "gzip")]:
        for method in ["GET", "POST"]:
            yield "header", request(method, "/api/jobs?filename=x&hold=true", [*access, (name, value)])
    yield "header", request("GET", "/", [(f"X-{number}", "x") for number in range(2000)])
    yield "long target", request("GET", "/" + "a" * 2_000_000, access)
    yield "long query", request("GET", "/api/jobs?" + "a=b&" * 200_000, access)
    for raw in [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n", b"\x00" * 4096, os.urandom(4096), b"GET / HTTP/1.1\r\n\r\n",
                b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
                b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"]:
        yield "no HTTP", raw


def answer(data, timeout=15):
    """(status, bytes) of the answer; 0 where the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as connection:
        said = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                said += part
        except OSError as error:
            if isinstance(error, TimeoutError):
                return -1, said
    first = said.split(b"\r\n", 1)[0].split()
    return (int(first[1]) if len(first) > 1 and first[1].isdigit() else 0), said


def is_fine(status): return status < 500 or status in (503, 507)


codes = collections.Counter()
requests = list(hostile())
must = [one for one in requests if "?" not in one[0] and not one[0].startswith("GET ")]
rest = [one for one in requests if one not in must]
requests = must + chance.sample(rest, min(len(rest), max(0, REQUESTS - len(must))))
chance.shuffle(requests)
guard = threading.Lock()
queue = iter(requests)


def send():
    while True:
        with guard:
            one = next(queue, None)
        if one is None:
            return
        what, data = one
        status, said = answer(data)
        with guard:
            codes[status] += 1
            shown = data[:120]
            expect(is_fine(status), f"{what}: {status} for {shown}: {said[-200:]}")
            expect(status != -1, f"{what}: no answer to {shown}")
            expect(canary.encode() not in said and b"root:x:0" not in said, f"{what}: gave out a file: {shown}")
            head = said.split(b"\r\n\r\n")[0].lower()
            expect(b"x-evil" not in head and b"set-cookie" not in head, f"{what}: wrote a header: {shown}")
            if what in ("another user's", "Host", "other site"):
                expect(status >= 400 or status == 0, f"{what}: {status} for {shown}")
            if what == "wrong token" and ADMIN.encode() not in data:
                expect(status in (0, 400, 401, 431), f"{what}: {status} for {shown}")


senders = [threading.Thread(target=send) for _ in range(8)]
for sender in senders:
    sender.start()
for sender in senders:
    sender.join()
print(f"  {len(requests)} requests; answers {dict(sorted(codes.items()))} (0: closed without one)")
expect(server.is_running() and server.ask("/healthz", headers=ACCESS)[0] == 200, "the server does not answer any more")
expect(server.ask(f"/api/jobs/{JOB}", headers=ACCESS)[0] == 200, "a job is gone")

# Slow clients, some in the middle of their headers, some in the middle of their films.
waiting = []
for number in range(SLOW):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = request("POST", "/api/jobs?hold=true", [*ACCESS.items(), ("Content-Length", "1000000")])
    connection.sendall(head.replace(b"Content-Length: 0\r\n", b"") if number % 2 else b"GET / HTTP/1.1\r\nX: ")
    waiting.append(connection)
times = []
for _ in range(50):
    for connection in chance.sample(waiting, 40):
        try:
            connection.sendall(b"x")
        except OSError:
            pass
    begun = time.monotonic()
    expect(server.ask("/api/jobs", headers=ACCESS, timeout=10)[0] == 200, "others get no answer")
    times.append(time.monotonic() - begun)
    time.sleep(0.3)
closed = 0
for connection in waiting[::2]:
    connection.settimeout(0.01)
    try:
        closed += connection.recv(1) == b""
    except TimeoutError:
        pass
    except OSError:
        closed += 1
print(f"  {SLOW} slow clients at once: others are answered within {max(times) * 1000:.0f} ms; "
      f"{closed} of {SLOW // 2} that sent no whole request were closed after 15 s")
expect(closed == SLOW // 2, "who never sends a whole request stays")
for connection in waiting:
    connection.close()
kept = json.dumps(server.json("/api/jobs?limit=200", headers=ACCESS))
expect(canary not in kept, "the list has what it should not")
expect(server.is_running() and server.stop() == 0, "the server did not end in peace")
sys.exit(1 if service.failures else 0)
