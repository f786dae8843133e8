#!/usr/bin/env bash
# bench-live.sh PROGRAM: what a viewer of a live run notices, measured from outside.
#
# LENGTH is how long each measurement of rate and delay takes (300 s), DRIFT how long the recordings are whose sound and
# picture are held against each other (600 s); 0 leaves either out. A soak: LENGTH=1800 DRIFT=0 make bench-live.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "$1")
length=${LENGTH:-300}
drift=${DRIFT:-600}
work=$(mktemp -d)
background=()
finish() {
    [ ${#background[@]} -eq 0 ] || kill "${background[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

measure() { "$program" bench samples/clip.mp4 --live --seconds "$length" "$@"; }

if [ "$length" -gt 0 ]; then
    echo "A camera of 640x360 at 30 frames/s"
    measure
    echo "A camera of 1280x720 at 30 frames/s"
    measure --size 1280x720
    echo "640x360 beside two programs that take all they can get"
    for _ in 1 2; do
        yes >/dev/null &
        background+=($!)
    done
    measure
    kill "${background[@]}"
    wait "${background[@]}" 2>/dev/null || true
    background=()
fi
[ "$drift" -gt 0 ] || exit 0

# Every second the picture turns white and a tone sounds, for a fifth of a second.
flash="color=black:size=320x180:rate=30,drawbox=color=white:thickness=fill:enable='lt(mod(t,1),0.2)'"
beep="sine=frequency=1000:sample_rate=48000,volume='if(lt(mod(t,1),0.2),1,0)':eval=frame"

# When the picture turns white and when the tone begins, second by second: the mean difference in milliseconds over the
# first and the last thirty, and the change between them.
compare() {
    ffmpeg -hide_banner -nostats -i "$1" -vf 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-' -f null - \
        2>/dev/null |
        awk -F'[ :=]+' '/pts_time/ { time = $NF } /YAVG/ { light = $NF > 120; if (light && !was) print time; was = light }' \
            >"$work/flashes"
    ffmpeg -hide_banner -nostats -i "$1" -af silencedetect=noise=-35dB:d=0.3 -f null - 2>&1 |
        awk '/silence_end/ { print $5 }' >"$work/beeps"
    awk 'NR == FNR { flash[NR] = $1; n = NR; next }
        { for (i = 1; i <= n; i++) if ((d = $1 - flash[i]) < 0.5 && d > -0.5) { at[++m] = flash[i]; gap[m] = d } }
        END {
            if (m < 8) { print "  too few seconds to compare"; exit 1 }
            k = m < 60 ? int(m / 2) : 30
            for (i = 1; i <= k; i++) { a += gap[i]; b += gap[m + 1 - i] }
            printf "  %d seconds: sound after picture by %.1f ms at first, %.1f ms at last: drift %.1f ms\n", m,
                1000 * a / k, 1000 * b / k, 1000 * (b - a) / k
        }' "$work/flashes" "$work/beeps"
}

echo "Sound and picture of a recording of $drift s: a stream over UDP, its sound carried along"
ffmpeg -v error -re -f lavfi -i "$flash" -f lavfi -i "$beep" -t $((drift + 20)) -c:v libx264 -preset ultrafast \
    -tune zerolatency -g 30 -pix_fmt yuv420p -c:a aac -f mpegts 'udp://127.0.0.1:19402?pkt_size=1316' &
background+=($!)
"$program" live --input udp://127.0.0.1:19402 --duration "$drift" -o "$work/udp.mkv" --progress none
kill "${background[@]}" 2>/dev/null
background=()
compare "$work/udp.mkv"

echo "and a camera beside a microphone whose clock is 200 millionths fast"
mkfifo "$work/microphone"
# 48,009.6 samples in a second of time, sold as 48,000.
ffmpeg -v error -y -re -f lavfi -i "$beep" -t $((drift + 20)) -af aresample=48010,asetrate=48000 -f s16le -ac 1 \
    "$work/microphone" &
background+=($!)
"$program" live --input-format lavfi --input "$flash" --microphone "$work/microphone" --microphone-format s16le \
    --microphone-option sample_rate=48000 --microphone-option channels=1 \
    --microphone-option use_wallclock_as_timestamps=1 --duration "$drift" -o "$work/microphone.mkv" --cadence constant \
    --progress none
compare "$work/microphone.mkv"
