"""What memory the server takes for large uploads, and for giving them out again.

    memory.py PROGRAM FOLDER
"""
import os
import subprocess
import sys

import service
from service import Service, expect

SIZE, PART = 3 << 30, 256 << 20
program, folder = sys.argv[1:3]
os.makedirs(folder, exist_ok=True)
film = f"{folder}/film.mp4"
with open(film, "wb") as file:
    file.truncate(SIZE)


def curl(*arguments):
    """The status."""
    said = subprocess.run(["curl", "-s", "-H", "Expect:", "-o", f"{folder}/answer", "-w", "%{http_code}", *arguments],
                          capture_output=True, text=True)
    return int(said.stdout or 0)


def measured(what, work):
    """Runs `work` on a server of its own that has answered before, and prints what it added to the memory."""
    server = Service(program, folder)
    server.jobs()
    before = server.memory()[1]
    work(server)
    now, most = server.memory()
    print(f"  {what}: from {before:.0f} MB to {most:.0f} MB at most (VmHWM), {now:.0f} MB at the end (VmRSS)")
    expect(most - before < 64, f"memory grew by {most - before:.0f} MB")
    expect(server.stop() == 0, "the server did not end in peace")


def whole(server):
    address = f"http://127.0.0.1:{server.port}/api/jobs"
    expect(curl("-X", "POST", "-T", film, f"{address}?filename=film.mp4&hold=true") == 201, "not accepted")
    [job] = server.jobs()
    expect(job["bytes"] == SIZE, f"{job['bytes']} bytes arrived")
    expect(curl("-o", "/dev/null", f"{address}/{job['id']}/input") == 200, "not given out")
    expect(server.ask(f"/api/jobs/{job['id']}", "DELETE")[0] == 204, "not deleted")


def parts(server):
    identifier = server.json(f"/api/uploads?filename=film.mp4&hold=true&size={SIZE}", "POST")["id"]
    address = f"http://127.0.0.1:{server.port}/api/uploads/{identifier}"
    for offset in range(0, SIZE, PART):
        part = subprocess.Popen(["head", "-c", str(PART), "/dev/zero"], stdout=subprocess.PIPE)
        said = subprocess.run(
            ["curl", "-s", "-H", "Expect:", "-o", "/dev/null", "-w", "%{http_code}", "-T", "-", "-H",
             f"Content-Range: bytes {offset}-{offset + PART - 1}/{SIZE}", address],
            stdin=part.stdout, capture_output=True, text=True)
        part.wait()
        expect(said.stdout == ("201" if offset + PART == SIZE else "200"), f"part at {offset}: {said.stdout}")
    [job] = server.jobs()
    expect(job["bytes"] == SIZE, f"{job['bytes']} bytes arrived")
    expect(server.ask(f"/api/jobs/{job['id']}", "DELETE")[0] == 204, "not deleted")


measured("3 GB in one request, and given out", whole)
measured(f"3 GB in parts of {PART >> 20} MB", parts)
os.remove(film)
sys.exit(1 if service.failures else 0)
