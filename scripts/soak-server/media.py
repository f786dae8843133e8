"""Films that mean harm: each ends with a sentence or a drawing, and nothing but the film itself is read.

    media.py PROGRAM FOLDER
"""
import collections
import os
import secrets
import shutil
import socketserver
import struct
import sys
import threading
import time
import zlib

import service
from service import Service, expect, film

PATIENCE = 900
program, folder = sys.argv[1:3]
os.makedirs(folder, exist_ok=True)
canary = secrets.token_hex(16)
hits = []


class Listener(socketserver.BaseRequestHandler):
    def handle(self):
        hits.append(self.client_address)


listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=listener.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{listener.server_address[1]}/film.ts"


def write(name, data):
    path = f"{folder}/{name}"
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def png(width, height):
    """Black, one bit a pixel: few bytes, many pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer, row, data = zlib.compressobj(9), bytes(1 + (width + 7) // 8), b""
    for _ in range(height):
        data += packer.compress(row)
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif(width, height, frames):
    """Frames of one pixel on a large canvas."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


testsrc = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
           "yuv420p"]
good = film(f"{folder}/good.mp4", *testsrc)
transport = film(f"{folder}/canary.ts", *testsrc)
with open(transport, "ab") as file:
    file.write(canary.encode())
with open(good, "rb") as file:
    MP4 = file.read()
STRANGE = {
    "wide.png": png(60_000, 60_000), "huge.png": png(16_000, 16_000), "tall.png": png(1, 60_000),
    "dots.gif": gif(65_535, 65_535, 3), "many.gif": gif(16, 16, 300_000), "canvas.gif": gif(4096, 2304, 20_000),
    "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{transport}\n#EXT-X-ENDLIST\n",
    "live.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{URL}\n",
    "key.m3u8": f"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"{URL}\"\n#EXTINF:2,\n{transport}\n#EXT-X-ENDLIST\n",
    "concat.txt": f"ffconcat version 1.0\nfile '{transport}'\nfile '{URL}'\n",
    "concat.mp4": f"ffconcat version 1.0\nfile '{transport}'\n",
    "call.sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {listener.server_address[1]} "
                "RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash.mpd": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static' "
                "mediaPresentationDuration='PT2S'><Period><AdaptationSet><Representation id='1' bandwidth='1' "
                f"mimeType='video/mp4'><BaseURL>{URL}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "entity.svg": f"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file://{transport}'>]>"
                  f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{URL}'/><text>&a;</text></svg>",
    "imf.xml": f"<?xml version='1.0'?><AssetMap xmlns='http://www.smpte-ra.org/schemas/429-9/2007/AM'><Path>{URL}</Path>"
               "</AssetMap>",
    "script.avs": f"FFmpegSource2(\"{transport}\")", "meta.txt": ";FFMETADATA1\n[STREAM]\n", "list.pls": f"File1={URL}",
    "asx.asf": f"<ASX version='3.0'><ENTRY><REF HREF='{URL}'/></ENTRY></ASX>", "ref.mov": MP4.replace(
        b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00"),
    "pattern%03d.png": png(8, 8), "html.mp4": f"<html><img src='{URL}'></html>".encode() + MP4,
    "zip.mp4": b"PK\x03\x04" + MP4, "mp4.zip": MP4 + b"PK\x05\x06" + bytes(18), "list.ts": b"#EXTM3U\n" + MP4,
    "name.png": MP4, "film.mp4": png(64, 48), "nothing.mp4": b"\x00" * 1_000_000, "noise.mkv": os.urandom(1_000_000),
    "size.mp4": MP4.replace(struct.pack(">HH", 64, 48), struct.pack(">HH", 65_535, 65_535)),
    "time.mp4": MP4.replace(b"stts\x00\x00\x00\x00\x00\x00\x00\x01", b"stts\x00\x00\x00\x00\x00\x00\x00\x01"
                            + struct.pack(">II", 0xFFFFFFF, 1), 1),
    "ends.ts": MP4[:-1],
}
STRANGE |= {f"cut-{part}.mp4": MP4[:len(MP4) * part // 10] for part in range(1, 10)}
long = film(f"{folder}/still.mp4", "-f", "lavfi", "-i", "color=s=16x16:r=1:d=20000", "-c:v", "libx264", "-preset",
            "ultrafast", "-g", "9999", "-pix_fmt", "yuv420p")
with open(long, "rb") as file:
    STRANGE["still.mp4"] = file.read()

server = Service(program, folder, "--workers", "2", "--time-limit", "0.5")
sent = {server.send(write(f"sent-{name.replace('%', '_')}", data), filename=name): name for name, data in STRANGE.items()}
begun, slowest = time.monotonic(), 0.0
while time.monotonic() - begun < PATIENCE:
    asked = time.monotonic()
    jobs = server.jobs()
    slowest = max(slowest, time.monotonic() - asked)
    for job in jobs:
        # Looked at as well as drawn.
        if job["state"] == "running":
            for part in ["thumbnail", "media"]:
                status = server.ask(f"/api/jobs/{job['id']}/{part}")[0]
                expect(status < 500 or status in (503, 507), f"{job['filename']}: {part} is answered with {status}")
    if all(job["state"] not in ("queued", "running") for job in jobs):
        break
    time.sleep(0.5)
states = collections.Counter()
for job in server.jobs():
    name = sent[job["id"]]
    states[job["state"]] += 1
    expect(job["state"] in ("done", "failed"), f"{name} is still {job['state']}")
    expect(job["state"] == "done" or job.get("error"), f"{name} failed without a word")
    expect("crashed" not in (job.get("error") or ""), f"{name}: {job.get('error')}")
    expect(folder not in (job.get("error") or ""), f"{name}: where things lie is told: {job.get('error')}")
    print(f"    {name}: {job['state']}, {job.get('frames')} frames, {(job.get('error') or '')[:100]}")
    for part in ["result", "log"]:
        expect(canary.encode() not in server.ask(f"/api/jobs/{job['id']}/{part}")[1], f"{name}: gave out a file")
expect(not hits, f"{len(hits)} calls to another host")
print(f"  {len(sent)} strange films: {dict(states)}; calls to other hosts: {len(hits)}; slowest list {slowest * 1000:.0f} ms; "
      f"{time.monotonic() - begun:.0f} s; the server's memory {server.memory()[1]:.0f} MB at most")
last = server.send(good, filename="good.mp4")
while (job := server.json(f"/api/jobs/{last}"))["state"] in ("queued", "running"):
    time.sleep(0.2)
expect(job["state"] == "done", f"a good film after all of them is {job['state']}: {job.get('error')}")
expect(server.is_running() and server.stop() == 0, "the server did not end in peace")
shutil.rmtree(folder)
sys.exit(1 if service.failures else 0)
