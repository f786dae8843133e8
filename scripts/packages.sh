# What scripts share that fetch something: source it from the repository root.
fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 69; }

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
install_packages() {
    local missing=() sudo=()
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || fail "these Debian packages are missing: ${missing[*]}" \
        "install their counterparts with your system's package manager; Debian 12 is the system this is tried on"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "installing ${missing[*]} needs root" \
            "as root, run: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install ${missing[*]}" "check the network connection and run this again"
}
