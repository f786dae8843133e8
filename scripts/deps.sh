#!/usr/bin/env bash
# Fetches what Sakuga builds on: Debian packages, and the OpenVINO runtime (pinned, hash-checked) into .deps/openvino.
# Safe to run again: what is already there is left alone. `deps.sh tests` adds a browser and a screen for the live tests,
# `deps.sh dist` what only packing needs, `deps.sh vgg` what reads VGG16's weights file.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(pkg-config unzip ffmpeg libavdevice-dev libavformat-dev libavcodec-dev libavutil-dev libavfilter-dev
    libswscale-dev libswresample-dev libsdl2-dev libsqlite3-dev libopencv-video-dev)
openvino_version=2026.4.1
openvino_sha256=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf

source scripts/packages.sh

command -v swift >/dev/null || fail "Swift is not installed" \
    "install Swift 6.2 or newer from https://www.swift.org/install and run this again"
[ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m), and the pinned OpenVINO runtime is for x86_64" \
    "run on an x86-64 machine"

case "${1:-}" in
    "") ;;
    tests) packages+=(curl chromium xvfb xdotool) ;;
    vgg) packages+=(hdf5-tools) ;;
    dist) packages+=(patchelf xz-utils binutils) ;;
    *) fail "there is no group of dependencies named '$1'" "deps.sh, deps.sh tests, deps.sh vgg or deps.sh dist" ;;
esac

fetch_openvino() {
    local home=.deps/openvino
    [ "$(cat $home/version 2>/dev/null)" = "$openvino_version" ] && return 0
    command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    echo "Fetching OpenVINO $openvino_version (59 MB)"
    rm -rf .deps/wheel $home.new
    mkdir -p .deps/wheel $home.new/lib/pkgconfig
    echo "openvino==$openvino_version --hash=sha256:$openvino_sha256" >.deps/wheel/requirements.txt
    # The wheel is only an archive here: it is named exactly, so that any Python 3 can fetch it.
    python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: \
        --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_28_x86_64 \
        -r .deps/wheel/requirements.txt -d .deps/wheel ||
        fail "OpenVINO $openvino_version could not be fetched" "check the network connection and run this again"
    unzip -q -o .deps/wheel/openvino-*.whl 'openvino/include/openvino/c/*' 'openvino/libs/*' \
        'openvino-*.dist-info/licenses/*' -d .deps/wheel
    mv .deps/wheel/openvino/include $home.new/include
    mv .deps/wheel/openvino-*.dist-info/licenses $home.new/licenses
    # What Sakuga loads: the C interface, the runtime, devices, and readers for .onnx, .pb and .tflite.
    for library in openvino_c openvino openvino_onnx_frontend openvino_tensorflow_frontend \
        openvino_tensorflow_lite_frontend openvino_ir_frontend openvino_intel_cpu_plugin openvino_intel_gpu_plugin \
        openvino_intel_npu_plugin openvino_auto_plugin tbb tbbmalloc hwloc; do
        mv .deps/wheel/openvino/libs/lib$library.so* $home.new/lib/
    done
    ln -s "$(cd $home.new/lib && ls libopenvino_c.so.*)" $home.new/lib/libopenvino_c.so
    cat >$home.new/lib/pkgconfig/openvino-c-local.pc <<EOF
prefix=\${pcfiledir}/../..
Name: openvino-c-local
Description: C interface of OpenVINO, unpacked from its wheel
Version: $openvino_version
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lopenvino_c
EOF
    echo $openvino_version >$home.new/version
    rm -rf $home .deps/wheel
    mv $home.new $home
}

install_packages "${packages[@]}"
fetch_openvino
