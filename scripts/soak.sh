#!/usr/bin/env bash
# soak.sh PROGRAM: what takes too long for `make test`. Draws COUNT (default 2000) damaged copies of the sample, cut off
# or with bytes overwritten, in three containers: each must end with status 0, 65 or 66, in time, without a crash. Then a
# film of 10 s and one of 120 s, whose peaks of memory are printed. SEED repeats a series.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$PWD/$1
count=${COUNT:-2000}
RANDOM=${SEED:-1}
folder=out/soak
rm -rf $folder && mkdir -p $folder

ffmpeg -hide_banner -loglevel error -y -i samples/clip.mp4 -t 0.5 -c:v libx264 -preset ultrafast -c:a aac $folder/whole.mp4
ffmpeg -hide_banner -loglevel error -y -i $folder/whole.mp4 -c copy $folder/whole.mkv
ffmpeg -hide_banner -loglevel error -y -i $folder/whole.mp4 -c copy $folder/whole.ts
kinds=(mp4 mkv ts)
declare -A seen=()
faults=0
# A number below $1, which may be larger than RANDOM's 32768.
below() { echo $(((RANDOM * 32768 + RANDOM) % $1)); }

echo "Drawing $count damaged files"
for ((number = 1; number <= count; number++)); do
    kind=${kinds[number % 3]}
    file=$folder/damaged.$kind
    cp $folder/whole.$kind $file
    size=$(stat -c %s $file)
    if ((number % 2)); then
        truncate -s "$(below "$size")" $file
    else
        for ((flip = 0; flip <= RANDOM % 30; flip++)); do
            printf "\\x$(printf %02x $((RANDOM % 256)))" |
                dd of=$file bs=1 seek="$(below "$size")" conv=notrunc status=none
        done
    fi
    status=0
    timeout 60 "$program" stylize $file -o $folder/drawn.mp4 --size 160x96 --overwrite --progress none \
        >$folder/output 2>&1 || status=$?
    seen[$status]=$((${seen[$status]:-0} + 1))
    case $status in
        0 | 65 | 66) ;;
        *)
            faults=$((faults + 1))
            cp $file "$folder/fault-$number-status-$status.$kind"
            echo "status $status: $folder/fault-$number-status-$status.$kind"
            tail -n 3 $folder/output
            ;;
    esac
    ((number % 200)) || echo "  $number done, $faults faults"
done
for status in "${!seen[@]}"; do echo "status $status: ${seen[$status]} files"; done

echo "Drawing 10 s and 120 s at 1280x720"
declare -A peak=()
for seconds in 10 120; do
    ffmpeg -hide_banner -loglevel error -y -stream_loop -1 -i samples/clip.mp4 -t $seconds -vf scale=1280:720 \
        -c:v libx264 -preset ultrafast -c:a aac $folder/long.mp4
    "$program" stylize $folder/long.mp4 -o $folder/drawn.mp4 --overwrite --progress none &
    drawing=$!
    while [ -d /proc/$drawing ]; do
        most=$(awk '/VmHWM/ {print $2}' /proc/$drawing/status 2>/dev/null || true)
        [ -z "$most" ] || peak[$seconds]=$most
        sleep 0.2
    done
    wait $drawing
    echo "  $seconds s: peak of $((peak[$seconds] / 1024)) MiB"
done
if ((peak[120] * 100 > peak[10] * 103)); then
    echo "memory grows with the film's length"
    faults=$((faults + 1))
fi
rm -f $folder/{whole,damaged}.* $folder/long.mp4 $folder/drawn.mp4 $folder/output
[ $faults -eq 0 ] && echo "No faults." || { echo "$faults faults."; exit 1; }
