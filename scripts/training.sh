#!/usr/bin/env bash
# Builds the library through which the training commands reach libtorch: .deps/training/libsakuga-torch.so.
# Takes Debian's libtorch-dev (installing it where it is missing), or the libtorch in TORCH_DIR: a folder with `include`
# and `lib`, as libtorch's archives and the PyPI wheel's `torch` folder have them; CUDA builds too.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

library=.deps/training/libsakuga-torch.so
source=Sources/CTorch/ctorch.cpp
flags=(-std=c++17 -O2 -fPIC -shared -fvisibility=hidden)
if [ -n "${TORCH_DIR:-}" ]; then
    [ -f "$TORCH_DIR/include/torch/csrc/api/include/torch/torch.h" ] ||
        fail "TORCH_DIR '$TORCH_DIR' is no libtorch: include/torch/csrc/api/include/torch/torch.h is missing" \
            "give the folder that holds libtorch's include and lib"
    install_packages g++
    torch=$(cd "$TORCH_DIR" && pwd)
    flags+=(-isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include" -L"$torch/lib" "-Wl,-rpath,$torch/lib")
    if [ -f "$torch/lib/libtorch_cuda.so" ]; then
        flags+=(-Wl,--no-as-needed -ltorch_cuda -lc10_cuda)
        # Several GPUs need NCCL, whose header is CUDA's: of a toolkit, or of the wheels beside torch's.
        for folder in "${CUDA_HOME:-/usr/local/cuda}/include" "$torch"/../nvidia/*/include; do
            [ -d "$folder" ] && flags+=(-isystem "$folder")
        done
        echo '#include <nccl.h>
#include <cuda_runtime.h>' | g++ "${flags[@]}" -fsyntax-only -x c++ - 2>/dev/null &&
            flags+=(-DUSE_DISTRIBUTED -DUSE_C10D_NCCL)
    fi
else
    install_packages g++ libtorch-dev libgloo-dev
    torch=debian
    flags+=(-isystem /usr/include/torch/csrc/api/include -DUSE_DISTRIBUTED -DUSE_C10D_GLOO)
fi
# Several processors need gloo's headers, which libtorch's archives carry and wheels do not.
[ "$torch" = debian ] || [ ! -d "$torch/include/gloo" ] || flags+=(-DUSE_DISTRIBUTED -DUSE_C10D_GLOO)

mkdir -p .deps/training
stamp="$torch $(cat $source Sources/CTorch/include/CTorch.h scripts/training.sh | sha256sum)"
if [ "$(cat $library.stamp 2>/dev/null)" = "$stamp" ] && [ -f $library ]; then
    echo "$library is up to date"
    exit 0
fi
echo "Building $library against ${TORCH_DIR:-the libtorch of Debian}"
g++ "${flags[@]}" $source -o $library.new -ltorch -ltorch_cpu -lc10
mv $library.new $library
echo "$stamp" >$library.stamp
