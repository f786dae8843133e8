#!/usr/bin/env bash
# Formatting, undeclared dependencies, and the direction of imports. Says every violation, then fails.
set -uo pipefail
cd "$(dirname "$0")/.."
export PKG_CONFIG_PATH=$PWD/.deps/openvino/lib/pkgconfig:${PKG_CONFIG_PATH:-}
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "Formatting (swift format lint --strict)"
swift format lint --strict -r Sources Tests Package.swift || failed=1

echo "Imports"
# What each module may import of ours and of C: always what lies below it, never a neighbour.
declare -A allowed=(
    [Frames]=""
    [Model]="Frames"
    [Media]="Frames CFFmpeg CPixels"
    [Inference]="Frames Model COpenVINO CPixels"
    [Temporal]="Frames CFlow CPixels"
    [StyleMetrics]="Frames Model CPixels"
    [Training]="Frames Model CTorch CFlow"
    [Pipeline]="Frames"
    [Stylize]="Frames Model Media Inference Temporal StyleMetrics Pipeline"
    [Web]="Frames"
    [Live]="Frames Model Media Inference Temporal StyleMetrics Pipeline Stylize Web CSDL"
    [Work]="Frames Pipeline"
    [Server]="Frames Model Media Inference Temporal StyleMetrics Pipeline Stylize Web Work"
    [Batch]="Frames Model Media Inference Temporal StyleMetrics Pipeline Stylize Work"
    [sakuga]="Frames Model Media Inference Temporal StyleMetrics Training Pipeline Stylize Web Work Live Server Batch"
)
ours=" ${!allowed[*]} "
for folder in Sources/*/; do
    module=$(basename "$folder")
    case $module in C[A-Z]*) continue ;; esac
    if [ -z "${allowed[$module]+known}" ]; then
        echo "Sources/$module: error: scripts/lint.sh does not know what this module may import"
        failed=1
        continue
    fi
    while IFS=: read -r file line text; do
        imported=$(sed -E 's/.*import +((struct|class|enum|protocol|func|let|var|typealias) +)?([A-Za-z0-9_]+).*/\3/' <<<"$text")
        if [[ $imported =~ ^C[A-Z] ]]; then
            [[ $text == internal\ import* ]] ||
                { echo "$file:$line: error: $imported must be an 'internal import'"; failed=1; }
        elif [[ $ours != *" $imported "* ]]; then
            continue
        fi
        [[ " ${allowed[$module]} " == *" $imported "* ]] ||
            { echo "$file:$line: error: $module must not import $imported"; failed=1; }
    done < <(grep -rnE --include='*.swift' '^ *(@[A-Za-z_]+(\([a-z]+\))? +)*((internal|package|public|private|fileprivate) +)?import ' "$folder")
done

echo "Declared dependencies (swift build --explicit-target-dependency-import-check error)"
swift build --explicit-target-dependency-import-check error >"$log" 2>&1 || failed=1
grep -E 'error:|warning: Target|complete' "$log" | sort -u | head -n 60

[ $failed -eq 0 ] && echo "Lint found nothing." || echo "Lint found the faults above." >&2
exit $failed
