#!/usr/bin/env bash
# Makes samples/clip.mp4 and samples/photo.jpg anew: fetches the pictures named in CREDITS.md, checks that they are the
# ones meant, draws the frames, makes the sound, encodes. Needs apt-get (Debian 12), Python 3.11 with venv, FFmpeg, network.
set -euo pipefail
cd "$(dirname "$0")/.."
work=.deps/sample
seconds=9

fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 69; }
online="check the network connection and run this again"

mkdir -p $work/pictures
if [ ! -x $work/python/bin/python ] || ! $work/python/bin/python -c 'import cv2' 2>/dev/null; then
    echo "Preparing Python with NumPy and OpenCV in $work/python"
    python3 -m venv $work/python || fail "no Python environment could be made" "apt-get install python3-venv"
    cat >$work/requirements.txt <<'EOF'
numpy==1.26.4 --hash=sha256:666dbfb6ec68962c033a450943ded891bed2d54e6755e35e5835d63f4f6931d5
opencv-python-headless==4.10.0.84 --hash=sha256:377d08a7e48a1405b5e84afcbe4798464ce7ee17081c1c23619c8b398ff18295
EOF
    $work/python/bin/pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
        -r $work/requirements.txt || fail "NumPy and OpenCV could not be fetched" "$online"
fi

# picture PACKAGE PATH: out of a Debian package that need not be installed
picture() {
    [ -f "$work/pictures/$(basename "$2")" ] && return 0
    echo "Fetching $(basename "$2") from the Debian package $1"
    (cd $work && { ls "$1"_*.deb >/dev/null 2>&1 || apt-get download -q "$1" 2>/dev/null >/dev/null; }) ||
        fail "the Debian package $1 could not be fetched" "run this on Debian 12, after apt-get update, and online"
    rm -rf $work/unpacked && dpkg -x $work/"$1"_*.deb $work/unpacked
    cp "$work/unpacked/$2" $work/pictures/
    rm -rf $work/unpacked
}
backgrounds=usr/share/backgrounds
picture lomiri-wallpapers-16.04 $backgrounds/aitzgorri_by_Aitzol_Berasategi.jpg
picture lomiri-wallpapers-16.04 $backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg
picture python3-skimage usr/lib/python3/dist-packages/skimage/data/astronaut.png
if [ ! -f $work/pictures/china.jpg ]; then
    echo "Fetching china.jpg and flower.jpg from scikit-learn 1.5.2"
    echo "scikit-learn==1.5.2 --hash=sha256:f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1" >$work/scikit.txt
    $work/python/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_17_x86_64 \
        -r $work/scikit.txt -d $work || fail "scikit-learn's pictures could not be fetched" "$online"
    $work/python/bin/python - $work/scikit_learn-*.whl $work/pictures <<'EOF'
import sys, zipfile
for name in ("china.jpg", "flower.jpg"):
    with zipfile.ZipFile(sys.argv[1]) as wheel, open(f"{sys.argv[2]}/{name}", "wb") as file:
        file.write(wheel.read("sklearn/datasets/images/" + name))
EOF
fi
(cd $work/pictures && sha256sum --quiet -c -) <<'EOF' || fail "a picture is not the one meant" "rm -r $work, run again"
66268e7b48f8854d36a28765fac6e23ec1aee251daa6da1f64715f201020ad36  aitzgorri_by_Aitzol_Berasategi.jpg
88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5  astronaut.png
8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29  china.jpg
a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638  flower.jpg
414d0072b2f6f2c555deafeaef6e45c4fed6fa9ad26eba6560ca8803959cf97a  picosdeeuropa_by_Aitzol_Berasategi.jpg
EOF

echo "Drawing $seconds s of film (about two minutes)"
$work/python/bin/python samples/make-clip.py $work/pictures $work/frames.rgb24
$work/python/bin/python samples/make-sound.py $work/sound.wav $seconds
echo "Encoding"
encode=(-c:v libx264 -preset veryslow -tune grain -b:v 1560k -maxrate 3000k -bufsize 3000k -pix_fmt yuv420p -threads 1
    -vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p
    -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -passlogfile $work/pass)
input=(-hide_banner -loglevel error -y -f rawvideo -pix_fmt rgb24 -s 640x360 -r 30 -i $work/frames.rgb24)
ffmpeg "${input[@]}" "${encode[@]}" -pass 1 -an -f null -
ffmpeg "${input[@]}" -i $work/sound.wav "${encode[@]}" -pass 2 -c:a aac -b:a 128k -shortest -fflags +bitexact \
    -metadata title="Sakuga sample" -metadata comment="Pictures: see samples/CREDITS.md" -movflags +faststart \
    samples/clip.mp4
ffmpeg -hide_banner -loglevel error -y -i $work/pictures/picosdeeuropa_by_Aitzol_Berasategi.jpg \
    -vf scale=1280:-2:flags=lanczos -q:v 4 -map_metadata -1 -bitexact samples/photo.jpg
rm -f $work/frames.rgb24 $work/pass*
ls -l samples/clip.mp4 samples/photo.jpg
