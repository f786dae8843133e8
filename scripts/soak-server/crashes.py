"""Many clients, and a server that is killed again and again: every accepted job is done, once, and whole.

    crashes.py PROGRAM FOLDER
"""
import collections
import http.client
import os
import random
import sys
import threading
import time
import urllib.parse

import service
from service import Service, expect, film, frames

CLIENTS, JOBS_EACH, KILLS = 20, 10, 10
program, folder = sys.argv[1:3]
seed = int(os.environ.get("SEED", 1))


def clips():
    """(path, frames) of films and pictures in several containers, codecs and lengths."""
    os.makedirs(folder, exist_ok=True)
    picture = lambda seconds: ["-f", "lavfi", "-i", f"testsrc2=s=64x48:r=10:d={seconds}"]
    sound = lambda seconds: ["-f", "lavfi", "-i", f"sine=f=440:d={seconds}"]
    h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    recipes = {
        "a.mp4": picture(1) + sound(1) + h264, "b.mp4": picture(3) + h264, "c.mkv": picture(2) + sound(2) + h264,
        "d.mov": picture(0.5) + h264, "e.ts": picture(2) + sound(2) + h264,
        "f.webm": picture(1) + ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
        "g.avi": picture(2) + sound(2) + ["-c:v", "mpeg4", "-c:a", "mp2"], "h.gif": picture(1),
        "i.png": picture(1) + ["-frames:v", "1"], "j.jpg": picture(1) + ["-frames:v", "1"],
    }
    files = [film(f"{folder}/{name}", *arguments) for name, arguments in recipes.items()]
    return [(file, frames(file)) for file in files]


class Client:
    """Sends films as programs do: asks again where no answer came, and never sends twice what was accepted."""

    def __init__(self, number, server, files):
        self.server, self.random = server, random.Random(seed * 1000 + number)
        self.films = [(f"{number}-{count}", *self.random.choice(files)) for count in range(JOBS_EACH)]
        self.accepted, self.retries = {}, 0

    def run(self):
        for name, path, count in self.films:
            name += os.path.splitext(path)[1]
            with open(path, "rb") as file:
                data = file.read()
            send = self.send_whole if self.random.random() < 0.5 else self.send_parts
            self.accepted[send(name, data)] = (name, count)
            time.sleep(self.random.uniform(0, 4))

    def ask(self, *arguments):
        """The answer; asked for again until there is one."""
        while True:
            try:
                return self.server.json(*arguments)
            except (OSError, http.client.HTTPException):
                self.retries += 1
                time.sleep(0.2)

    def send_whole(self, name, data):
        while True:
            try:
                return self.server.json(f"/api/jobs?filename={name}", "POST", data)["id"]
            except (OSError, http.client.HTTPException):
                self.retries += 1
                time.sleep(0.2)
            # It may have been accepted all the same.
            there = self.ask(f"/api/jobs?search={urllib.parse.quote(name)}")["jobs"]
            if there := [job["id"] for job in there if job["filename"] == name]:
                return there[0]

    def send_parts(self, name, data):
        size = len(data)
        identifier = self.ask(f"/api/uploads?filename={name}&size={size}", "POST")["id"]
        offset = 0
        while offset < size:
            end = min(size, offset + size // 3 + 1)
            header = {"Content-Range": f"bytes {offset}-{end - 1}/{size}"}
            try:
                answer = self.server.json(f"/api/uploads/{identifier}", "PUT", data[offset:end], header)
            except (OSError, http.client.HTTPException, ValueError):
                self.retries += 1
                time.sleep(0.2)
                answer = self.ask(f"/api/uploads/{identifier}")
            offset = answer["offset"]
        return identifier


def kill_again_and_again(server):
    chance = random.Random(seed)
    for _ in range(KILLS):
        time.sleep(chance.uniform(1, 15))
        server.crash()
        time.sleep(chance.uniform(0, 1))
        server.start()


begun = time.monotonic()
server = Service(program, folder, "--workers", "2")
files = clips()
clients = [Client(number, server, files) for number in range(CLIENTS)]
threads = [threading.Thread(target=client.run) for client in clients]
threads.append(threading.Thread(target=kill_again_and_again, args=[server]))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
while any(job["state"] in ("queued", "running") for job in server.jobs()) and time.monotonic() - begun < 3600:
    time.sleep(1)

accepted = {identifier: film for client in clients for identifier, film in client.accepted.items()}
jobs = server.jobs()
states = collections.Counter(job["state"] for job in jobs)
expect(len(accepted) == CLIENTS * JOBS_EACH, f"{len(accepted)} identifiers for {CLIENTS * JOBS_EACH} films")
expect({job["id"] for job in jobs} == set(accepted), "the list has other jobs than were accepted")
expect(len(jobs) == len(accepted), f"{len(jobs)} jobs in the list, {len(accepted)} accepted")
expect(len({job["filename"] for job in jobs}) == len(jobs), "a film has two jobs")
whole = 0
for job in jobs:
    name, count = accepted.get(job["id"], ("?", 0))
    path = f"{folder}/data/jobs/{job['id']}"
    expect(job["state"] == "done" and job["frames"] == count, f"{name} is {job['state']}: {job.get('error')}")
    results = os.listdir(f"{path}/result") if os.path.isdir(f"{path}/result") else []
    expect(len(results) == 1, f"{name} has the results {results}")
    status, result = server.ask(f"/api/jobs/{job['id']}/result")
    drawn = f"{folder}/drawn{os.path.splitext(results[0])[1] if results else ''}"
    with open(drawn, "wb") as file:
        file.write(result)
    has = frames(drawn)
    whole += status == 200 and has == count
    expect(status == 200 and has == count, f"{name} has {has} frames of {count}")
known = {job["id"] for job in jobs}
left = [name for name in os.listdir(f"{folder}/data/jobs") if name not in known]
print(f"  {len(accepted)} jobs accepted from {CLIENTS} clients, {KILLS} kills, "
      f"{sum(client.retries for client in clients)} requests sent again, {time.monotonic() - begun:.0f} s")
print(f"  states {dict(states)}; whole results {whole}; folders of uploads whose first answer was lost: {len(left)}")
print(f"  attempts per job {dict(collections.Counter(job['attempts'] for job in jobs))}")
expect(server.stop() == 0, "the server did not end in peace")
sys.exit(1 if service.failures else 0)
