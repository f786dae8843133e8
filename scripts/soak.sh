#!/bin/bash
# What takes too long for `make test`: memory over the length of a film, and many damaged files.
#
#   scripts/soak.sh [PROGRAM]
#
# PROGRAM is the sakuga to test (.build/release/sakuga). COUNT damaged files are drawn (2000), none begun after LIMIT
# seconds (1800); SEED=N makes other damage; MEMORY=no leaves out the films. Files that crash or hang the program are
# kept in out/soak. Exit code 1 where a promise is broken.
set -u
cd "$(dirname "$0")/.." || exit 1
program=$(realpath "${1:-.build/release/sakuga}")
files=${COUNT:-2000}
seconds=${LIMIT:-1800}
keep=$PWD/out/soak
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
[ -x "$program" ] || { echo "there is no program $program: swift build -c release makes it"; exit 1; }

fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
make_film() { ffmpeg -v error -y "$@"; }

# Runs the program and prints the most memory it held, in MB (VmHWM in proc(5)).
peak() {
    "$program" "$@" --progress none >/dev/null 2>"$work/errors" &
    local id=$! most=0 now
    while kill -0 $id 2>/dev/null; do
        now=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/$id/status 2>/dev/null)
        [ -n "$now" ] && [ "$now" -gt "$most" ] && most=$now
        sleep 0.05
    done
    wait $id || echo "the program ended with $?: $(cat "$work/errors")" >&2
    echo $((most * 1024 / 1000000))
}

measure_memory() {
    echo "Memory at 1280x720, default options"
    for length in 10 120; do
        make_film -f lavfi -i "testsrc2=s=1280x720:r=30:d=$length" -f lavfi -i "sine=f=440:d=$length" \
            -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest "$work/$length.mp4"
        megabytes[length]=$(peak stylize "$work/$length.mp4" -o "$work/drawn.mp4" --overwrite)
        echo "  $length s: ${megabytes[length]} MB"
        [ "${megabytes[length]}" -le 450 ] || fail "more than 450 MB"
    done
    difference=$(((megabytes[120] - megabytes[10]) * 1000 / megabytes[10]))
    echo "  120 s against 10 s: $((difference / 10)).$((${difference#-} % 10)) %"
    [ "${difference#-}" -le 30 ] || fail "memory grows with the film"
}
[ "${MEMORY:-yes}" = no ] || measure_memory

echo "Damaged files: up to $files, within $seconds s, seed ${SEED:-1}"
film=(-f lavfi -i testsrc2=s=64x48:r=10:d=2 -f lavfi -i sine=f=440:d=2)
h264=(-c:v libx264 -preset ultrafast -g 5 -pix_fmt yuv420p -c:a aac)
make_film "${film[@]}" "${h264[@]}" "$work/a.mkv"
make_film "${film[@]}" "${h264[@]}" -movflags +faststart "$work/a.mp4"
make_film "${film[@]}" "${h264[@]}" "$work/b.mov"
make_film "${film[@]}" "${h264[@]}" "$work/a.ts"
make_film "${film[@]}" -c:v mpeg4 -c:a mp2 "$work/a.avi"
make_film "${film[@]}" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus "$work/a.webm"
make_film "${film[@]}" -c:v mpeg2video -c:a mp2 "$work/a.mpg"
make_film -f lavfi -i testsrc2=s=64x48:r=10:d=1 "$work/a.gif"
make_film -f lavfi -i testsrc2=s=64x48 -frames:v 1 "$work/a.png"
make_film -f lavfi -i mandelbrot=s=64x48 -frames:v 1 "$work/a.jpg"
make_film -f lavfi -i mandelbrot=s=64x48 -frames:v 1 "$work/a.webp"
sources=("$work"/[ab].*)

RANDOM=${SEED:-1}
random() { echo $((((RANDOM << 15) | RANDOM) % $1)); }
declare -A codes
begun=$SECONDS
for ((number = 1; number <= files && SECONDS - begun < seconds; number++)); do
    source=${sources[$((RANDOM % ${#sources[@]}))]}
    size=$(stat -c %s "$source")
    damaged=$work/damaged.${source##*.}
    if ((RANDOM % 3 == 0)); then
        head -c "$(random "$size")" "$source" >"$damaged"
    else
        cp "$source" "$damaged"
        for ((flip = RANDOM % 30 + 1; flip > 0; flip--)); do
            printf "\\x$(printf %x $((RANDOM % 256)))" |
                dd of="$damaged" bs=1 seek="$(random "$size")" conv=notrunc status=none
        done
    fi
    rm -rf "$work/drawn"
    mkdir "$work/drawn"
    # A third is drawn from the middle: seeking, and sums of timestamps that do not begin at 0, meet damage too.
    part=()
    ((RANDOM % 3 == 0)) && part=(--start 0.5)
    timeout 30 "$program" stylize "$damaged" -o "$work/drawn/out.mkv" --smoothing off --progress none "${part[@]}" \
        >"$work/output" 2>"$work/errors"
    code=$?
    codes[$code]=$((${codes[$code]:-0} + 1))
    left=$(ls -A "$work/drawn")
    if [ $code -eq 0 ] && [ "$left" = out.mkv ]; then continue; fi
    # Damage may also name another codec (69) or a size that cannot be drawn (64).
    if [[ $code =~ ^(64|65|69)$ ]] && [ -z "$left" ] && grep -q '^error: ' "$work/errors"; then continue; fi
    mkdir -p "$keep"
    cp "$damaged" "$keep/$number.${source##*.}"
    fail "file $number (kept in out/soak${part[*]:+, ${part[*]}}) ended with $code, left '$left': $(tail -n 2 "$work/errors" | tr '\n' ' ')"
done
echo "  $((number - 1)) files in $((SECONDS - begun)) s; exit codes:"
for code in "${!codes[@]}"; do echo "    $code: ${codes[$code]}"; done
echo "$failures failures"
[ $failures -eq 0 ]
