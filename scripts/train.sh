#!/usr/bin/env bash
# Trains a shipped look from its free pictures by its recipe: train.sh PROGRAM NAME. SIZE=studio makes the larger network.
# Hours on two cores; run again, it goes on from its last checkpoint.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

program=$1 name=$2 size=${SIZE:-live}
recipe=recipes/$name.json art=datasets/art/$name/train
[ -f "$recipe" ] || fail "there is no look named '$name' to train" \
    "looks: $(cd recipes && echo *.json | sed 's/\.json//g')"
[ -d "$art" ] || fail "there are no pictures in $art" "run: make datasets"
resume=()
[ -f "checkpoints/$name-$size/checkpoint.safetensors" ] && resume=(--resume)
"$program" train --style "$art" --photos datasets/photos/train -o "presets/$name" --size "$size" --recipe "$recipe" "${resume[@]}"
