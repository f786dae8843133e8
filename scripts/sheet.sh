#!/usr/bin/env bash
# A contact sheet of a look on photographs that no look was trained on: sheet.sh PROGRAM PRESET OUTPUT.jpg
# Columns: photograph, drawing, two variants. Photographs are brought to 640 pixels, drawn, and shown as 360x240 pixels out
# of that, as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

program=$1 preset=$2 output=$3 photos=datasets/photos/test
[ -d "$photos" ] || fail "there are no photographs in $photos" "run: make datasets"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A person, fur, a street, a landscape, food, a bridge, a night: the picture, and what is shown of it.
list="python3-skimage-astronaut 100:20
python3-skimage-chelsea 140:60
opencv-doc-leuvenA 140:120
scikit-learn-china 60:130
python3-skimage-coffee 140:80
palapeli-data-cincinnati-bridge 140:150
python3-skimage-rocket 200:150"
row=0
while read -r name corner; do
    ffmpeg -nostdin -v error -y -i "$photos/$name.jpg" -vf scale=640:-8:flags=area "$work/$row.png"
    for column in 0 1 2 3; do
        drawing=$work/$row.png
        if [ $column -gt 0 ]; then
            drawing=$work/drawing.png
            "$program" stylize "$work/$row.png" -o "$drawing" -p "$preset" --seed $((column - 1)) --overwrite \
                --progress none </dev/null
        fi
        ffmpeg -nostdin -v error -y -i "$drawing" -vf "crop=360:240:$corner" "$work/cell-$row$column.png"
    done
    row=$((row + 1))
done <<<"$list"
ffmpeg -nostdin -v error -y -pattern_type glob -i "$work/cell-*.png" -vf tile=4x$row -frames:v 1 -q:v 5 "$output"
