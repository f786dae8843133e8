"""How long answers, and drawn frames, take while all workers draw.

    latency.py PROGRAM FOLDER
"""
import http.client
import os
import statistics
import subprocess
import sys
import threading
import time

import service
from service import Service, expect, film

READS, CLIENTS, JOBS, WATCHED, UPLOADS = 2400, 4, 1000, 4, 3
program, folder = sys.argv[1:3]
os.makedirs(folder, exist_ok=True)
server = Service(program, folder, "--workers", "2")
long = film(f"{folder}/long.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=120", "-c:v", "libx264", "-preset",
            "ultrafast", "-pix_fmt", "yuv420p")
wide = film(f"{folder}/wide.mp4", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=12", "-c:v", "libx264", "-preset",
            "ultrafast", "-pix_fmt", "yuv420p")
drawn = [server.send(long, filename=f"long-{number}.mp4") for number in range(2)]
picture = film(f"{folder}/picture.png", "-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1")
held = server.send(wide, filename="wide.mp4", hold="true")
for number in range(JOBS - len(drawn) - 1):
    server.send(picture, filename=f"{number}.png", hold="true")
while {server.json(f"/api/jobs/{job}")["state"] for job in drawn} != {"running"}:
    time.sleep(0.2)
# Compiling comes before drawing.
while not all(server.json(f"/api/jobs/{job}").get("frames") for job in drawn):
    time.sleep(0.2)


def watch(identifier):
    try:
        server.ask(f"/api/jobs/{identifier}/events", timeout=600)
    except (OSError, http.client.HTTPException):
        pass


for number in range(WATCHED):
    threading.Thread(target=watch, args=[drawn[number % 2]], daemon=True).start()
kinds = {
    "the newest 50 jobs": "/api/jobs", "one job": f"/api/jobs/{drawn[0]}", "presets": "/api/presets",
    "the page": "/",
}
times = {kind: [] for kind in kinds}


def timed(connection, path):
    begun = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    expect(answer.status == 200, f"GET {path}: {answer.status}")
    return (time.monotonic() - begun) * 1000


def read():
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for number in range(READS // CLIENTS):
        kind = list(kinds)[number % len(kinds)]
        times[kind].append(timed(connection, kinds[kind]))
        time.sleep(0.01)


def figures(values):
    return f"median {statistics.median(values):.1f} ms, p99 {p99(values):.1f} ms, worst {max(values):.1f} ms"


def p99(values):
    return statistics.quantiles(values, n=100, method="inclusive")[98]


readers = [threading.Thread(target=read) for _ in range(CLIENTS)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
everything = [value for values in times.values() for value in values]
print(f"  {len(everything)} reads by {CLIENTS} clients, 2 workers drawing, {WATCHED} streams of events open beside, "
      f"{JOBS} jobs; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
for kind, values in [("all", everything), *times.items()]:
    print(f"    {kind}: {figures(values)}")
connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
pages = [timed(connection, "/api/jobs?limit=200") for _ in range(100)]
whole = [sum(timed(connection, f"/api/jobs?limit=200&offset={offset}") for offset in range(0, JOBS, 200))
         for _ in range(20)]
print(f"    200 of {JOBS} jobs: {figures(pages)}")
print(f"    all {JOBS} jobs in pages of 200: {figures(whole)}")
for size, job in [("640x360", drawn[0]), ("1920x1080", held)]:
    for preset in ["cel", "painted", "painted:studio"]:
        # The first one compiles.
        first, *drawings = [timed(connection, f"/api/jobs/{job}/preview?preset={preset}&time={seconds}")
                            for seconds in range(11)]
        print(f"    a frame of {size} drawn with {preset}: first {first:.0f} ms, then {figures(drawings)}")
        expect(statistics.median(drawings) <= 1000, f"a frame of {size} drawn with {preset} takes more than a second")
busy = [server.json(f"/api/jobs/{job}")["state"] for job in drawn]
expect(busy == ["running"] * 2, f"the workers were not busy to the end: {busy}")
large = f"{folder}/large.mp4"
with open(large, "wb") as file:
    file.truncate(1 << 30)
address = f"http://127.0.0.1:{server.port}/api/jobs?filename=large.mp4&hold=true"
uploads = [subprocess.Popen(["curl", "-s", "-H", "Expect:", "-X", "POST", "-T", large, address], stdout=subprocess.DEVNULL)
           for _ in range(UPLOADS)]
beside = []
while any(upload.poll() is None for upload in uploads):
    beside.append(timed(connection, "/api/jobs"))
    time.sleep(0.01)
print(f"    the newest 50 jobs while {UPLOADS} films of 1 GB come in: {figures(beside)}")
expect(all(upload.returncode == 0 for upload in uploads), "an upload was not taken")
expect(p99(beside) <= 150, f"p99 of {p99(beside):.0f} ms beside uploads is more than 150 ms")
expect(p99(everything) <= 150, f"p99 of {p99(everything):.0f} ms is more than 150 ms")
expect(statistics.median(whole) <= 200, f"a list of {JOBS} jobs takes more than 200 ms")
expect(server.stop() == 0, "the server did not end in peace")
sys.exit(1 if service.failures else 0)
