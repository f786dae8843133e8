#!/usr/bin/env bash
# install.sh PROGRAM: installs a built sakuga under $DESTDIR$PREFIX: the program, OpenVINO's libraries, presets,
# completions for bash, zsh and fish, and the manual page. `make install PREFIX=$HOME/.local` needs no root.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1
prefix=${PREFIX:-/usr/local}
target=${DESTDIR:-}$prefix

fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 73; }
[ "${prefix#/}" != "$prefix" ] || fail "PREFIX must begin with a slash, not '$prefix'" "make install PREFIX=$PWD/$prefix"
mkdir -p "$target/bin" 2>/dev/null && [ -w "$target/bin" ] ||
    fail "cannot write to $target" "make install PREFIX=\$HOME/.local, or run this as root"

install -m 755 "$program" "$target/bin/.sakuga.new"
strip "$target/bin/.sakuga.new"
mv "$target/bin/.sakuga.new" "$target/bin/sakuga"

rm -rf "$target/lib/sakuga"
mkdir -p "$target/lib/sakuga" "$target/share/sakuga/presets"
for library in .deps/openvino/lib/*.so*; do
    [ -L "$library" ] || install -m 644 "$library" "$target/lib/sakuga/"
done
# With PREFIX=$HOME/.local this is also where `sakuga presets add` puts the user's own: only ours are replaced.
for preset in presets/*/; do
    name=$(basename "$preset")
    rm -rf "${target:?}/share/sakuga/presets/$name"
    cp -r "$preset" "$target/share/sakuga/presets/$name"
done

completions=("bash share/bash-completion/completions/sakuga" "zsh share/zsh/site-functions/_sakuga"
    "fish share/fish/vendor_completions.d/sakuga.fish")
for entry in "${completions[@]}"; do
    read -r shell path <<<"$entry"
    mkdir -p "$target/$(dirname "$path")"
    "$program" --generate-completion-script "$shell" >"$target/$path"
done
mkdir -p "$target/share/man/man1"
scripts/manual.sh "$program" >"$target/share/man/man1/sakuga.1"
mkdir -p "$target/share/doc/sakuga/licences"
cp LICENSE README.md "$target/share/doc/sakuga/"
cp -r .deps/openvino/licenses "$target/share/doc/sakuga/licences/openvino" 2>/dev/null || true

echo "Installed sakuga and its presets under $target."
case ":$PATH:" in *":$prefix/bin:"*) ;; *) echo "Your PATH does not have $prefix/bin; add it to run 'sakuga' by name." ;; esac
