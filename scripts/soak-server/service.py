"""A server of one's own, for the measurements beside this file. Standard library only."""
import atexit
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse


class Service:
    """`sakuga serve` over a folder that outlives it."""

    def __init__(self, program, folder, *options):
        self.program, self.folder, self.options = program, folder, options
        os.makedirs(folder, exist_ok=True)
        # Whatever goes wrong here leaves no server behind.
        atexit.register(lambda: self.process.kill())
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", "data", "--bind", "127.0.0.1:0", "--rate", "0", *self.options],
            cwd=self.folder, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/(?:\?token=(\w+))?", line)
        if not found:
            sys.exit(f"the server did not start: {line}{self.process.stderr.read()}")
        self.port, self.token = int(found[1]), found[2]

    def crash(self):
        """What a power cut does."""
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def is_running(self):
        return self.process.poll() is None

    def ask(self, path, method="GET", body=None, headers={}, timeout=60):
        """(status, body); raises OSError or HTTPException where no answer comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path, method="GET", body=None, headers={}):
        status, text = self.ask(path, method, body, headers)
        if status >= 400:
            raise ValueError(f"{method} {path}: {status} {text[:200]}")
        return json.loads(text)

    def jobs(self):
        """All jobs, page by page."""
        found = []
        while True:
            page = self.json(f"/api/jobs?limit=200&offset={len(found)}")
            found += page["jobs"]
            if not page["jobs"] or len(found) >= page["total"]:
                return found

    def send(self, path, **options):
        """Makes a job of a file; its identifier."""
        with open(path, "rb") as film:
            return self.json(f"/api/jobs?{urllib.parse.urlencode(options)}", "POST", film.read())["id"]

    def memory(self):
        """(VmRSS, VmHWM) in MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            values = dict(re.findall(r"(\w+):\s*(\d+) kB", status.read()))
        return int(values["VmRSS"]) / 1024, int(values["VmHWM"]) / 1024


failures = 0


def expect(holds, sentence):
    """Notes a broken promise."""
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {sentence}", flush=True)


def film(path, *arguments):
    """Has ffmpeg make a file; its path."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, path], check=True)
    return path


def frames(path):
    """How many frames ffprobe decodes."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=nb_read_frames",
         "-of", "csv=p=0", path], capture_output=True, text=True)
    count = re.match(r"\d+", said.stdout)
    return int(count[0]) if said.returncode == 0 and count else -1
