#!/usr/bin/env bash
# Packs dist/sakuga-VERSION-linux-x86_64.tar.xz: a folder that runs wherever it is put, on any x86-64 Linux with
# glibc 2.36 and libstdc++ 12 or newer (Debian 12, Ubuntu 23.04, Fedora 37). Swift's libraries are linked into the
# program; OpenVINO, FFmpeg, OpenCV and all that they need lie in lib/sakuga. Only what belongs to the C library and the
# compiler's run-time stays outside, because drivers loaded from the system need the system's own.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh dist
export PKG_CONFIG_PATH=$PWD/.deps/openvino/lib/pkgconfig:${PKG_CONFIG_PATH:-}

echo "Building Sakuga with Swift's libraries linked in"
swift build -c release --product sakuga --static-swift-stdlib --scratch-path .build-dist 2>&1 |
    grep -vE 'warning: the use of|^/.*in function|^$' || [ "${PIPESTATUS[0]}" -eq 0 ]
program=.build-dist/release/sakuga
name=sakuga-$("$program" --version)-linux-x86_64
folder=dist/$name
rm -rf "$folder" "$folder.tar.xz"
mkdir -p dist
DESTDIR=$PWD/dist PREFIX=/$name scripts/install.sh "$program" >/dev/null

echo "Gathering libraries"
outside='^(ld-linux-x86-64|lib(c|m|dl|rt|pthread|resolv|util|mvec|anl|nsl|nss_[a-z]*|stdc\+\+|gcc_s))\.so'
packages=()
while read -r library path; do
    [[ $library =~ $outside ]] && continue
    [ -e "$folder/lib/sakuga/$library" ] && continue
    install -m 644 "$path" "$folder/lib/sakuga/$library"
    # A library's own search path would hide the program's from what that library loads (libpulse has one).
    [ -z "$(patchelf --print-rpath "$folder/lib/sakuga/$library")" ] ||
        patchelf --remove-rpath "$folder/lib/sakuga/$library"
    real=$(readlink -f "$path") # Debian lists some files without the /usr that they are found under
    packages+=("$( { dpkg-query -S "$real" "${real#/usr}" 2>/dev/null || true; } | sed -n '1s/:.*//p')")
done < <(ldd "$program" | awk '$2 == "=>" && $3 ~ "^/" {print $1, $3}')
# One path for the program and, since it is an RPATH and not a RUNPATH, for every library under it.
patchelf --force-rpath --set-rpath '$ORIGIN/../lib/sakuga' "$folder/bin/sakuga"

printf '%s\n' "${packages[@]}" | sort -u | while read -r package; do
    [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ] || continue
    cp "/usr/share/doc/$package/copyright" "$folder/share/doc/sakuga/licences/$package"
done
cat >"$folder/share/doc/sakuga/licences/README" <<EOF
Sakuga itself is under the Apache License 2.0 (../LICENSE). This archive also carries the libraries in lib/sakuga, each
under its own licence; the files here are their copyright notices as Debian ships them, and OpenVINO's. FFmpeg is built
with GPL parts (x264, x265), so this archive as a whole may be passed on under the GNU GPL, version 3 or later. The
libraries' sources: apt-get source PACKAGE on Debian 12, with the packages' names as file names here.
EOF

echo "Checking that every library is found inside"
missing=$(env -i LD_LIBRARY_PATH= ldd "$folder/bin/sakuga" | awk -v inside="$PWD/$folder" -v outside="$outside" '
    $2 == "=>" && $1 !~ outside && index($3, inside) != 1 && index($3, "'"$folder"'") == 0 {print $1, $3}')
if [ -n "$missing" ]; then
    printf 'error: these libraries are not in the archive:\n%s\nhint: see scripts/dist.sh\n' "$missing" >&2
    exit 70
fi
"$folder/bin/sakuga" presets >/dev/null

echo "Packing"
tar -C dist --sort=name --owner=0 --group=0 --numeric-owner -c "$name" | xz -T0 -3 >"$folder.tar.xz"
rm -rf "$folder"
echo "dist/$name.tar.xz ($(du -h "dist/$name.tar.xz" | cut -f1)): unpack it anywhere and run $name/bin/sakuga"
