#!/usr/bin/env bash
# bench.sh PROGRAM: `sakuga bench` on the sample at 640x360 and 1280x720. With PEER=script.py MODEL=file.onnx that script
# (arguments: MODEL CLIP OUTPUT; prints a JSON object with fps) runs beside it, in a Python environment of its own under
# .deps/peer. CLIPS names other clips, ROUNDS how often each is measured.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1

fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 69; }

read -r -a clips <<<"${CLIPS:-}"
if [ ${#clips[@]} -eq 0 ]; then
    mkdir -p out
    large=out/bench-1280x720.mp4
    if [ ! -f $large ] || [ samples/clip.mp4 -nt $large ]; then
        ffmpeg -hide_banner -loglevel error -y -i samples/clip.mp4 -vf scale=1280:720:flags=lanczos \
            -c:v libx264 -preset fast -crf 18 -c:a copy $large ||
            fail "the clip of 1280x720 could not be made" "run make deps, which installs FFmpeg"
    fi
    clips=(samples/clip.mp4 $large)
fi

arguments=(--rounds "${ROUNDS:-3}")
if [ -n "${PEER:-}" ]; then
    [ -f "$PEER" ] || fail "PEER='$PEER' is not a file" "give the path of the peer's script"
    [ -f "${MODEL:-}" ] || fail "MODEL='${MODEL:-}' is not a file" "give the .onnx file that the peer runs"
    python=.deps/peer/bin/python
    if ! $python -c 'import cv2, numpy, onnxruntime' 2>/dev/null; then
        echo "Preparing a Python environment for the peer in .deps/peer"
        rm -rf .deps/peer
        python3 -m venv .deps/peer 2>/dev/null ||
            fail "no Python environment could be made" "as root, run: apt-get install python3-venv"
        .deps/peer/bin/pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
            -r scripts/peer-requirements.txt ||
            fail "the peer's packages could not be fetched (they are pinned for Python 3.11 on x86-64)" \
                "check the network connection and run this again"
    fi
    arguments+=(--model "$MODEL" --peer "$python $PEER $MODEL")
fi
exec "$program" bench "${clips[@]}" "${arguments[@]}"
