#!/usr/bin/env bash
# What takes too long for `make test`: the server for hours in minutes.
#
#   scripts/soak-server.sh [PROGRAM [MEASUREMENT...]]
#
# PROGRAM is the sakuga to test (.build/release/sakuga). The measurements, all of them unless said otherwise: `crashes`
# (200 jobs of 20 clients, and 10 kills), `latency` (of reads while all workers draw), `memory` (uploads of 3 GB),
# `hostile` (2,000 requests), `media` (films that mean harm) and `described` (requests by /openapi.json). SEED=N makes
# other chances. Exit code 1 where a promise is broken.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh
program=$(realpath "${1:-.build/release/sakuga}")
[ -x "$program" ] || fail "there is no program $program" "swift build -c release makes it"
command -v python3 >/dev/null || fail "Python is not installed" "as root, run: apt-get install python3"
shift || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# A server for schemathesis, which asks whatever the description allows.
described() {
    local python=.deps/schemathesis/bin/python
    if ! "$python" -c 'import schemathesis' 2>/dev/null; then
        python3 -m venv .deps/schemathesis 2>/dev/null ||
            fail "no Python environment could be made" "as root, run: apt-get install python3-venv"
        .deps/schemathesis/bin/pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
            -r scripts/soak-server-requirements.txt ||
            fail "schemathesis could not be fetched (it is pinned for Python 3.11 on x86-64)" \
                "check the network connection and run this again"
    fi
    local checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
    local address server code=0
    (cd "$work" && exec "$program" serve --data described --bind 127.0.0.1:0 --rate 0 2>"$work/said") &
    server=$!
    until address=$(grep -o 'http://[0-9.:]*' "$work/said"); do sleep 0.1; done
    # Most of what it asks is meant to be refused: 4xx are right, and so are 503 and 507 where they are described.
    local schemathesis=$PWD/.deps/schemathesis/bin/schemathesis
    (cd "$work" && exec "$schemathesis" run "$address/openapi.json" --seed "${SEED:-1}" --max-examples 100 \
        --request-timeout 30 --checks "$checks") >"$work/report" 2>&1 || code=1
    tail -n 60 "$work/report"
    kill -0 $server || code=1
    kill -INT $server && wait $server || code=1
    return $code
}

for measurement in "${@:-crashes latency memory hostile media described}"; do
    for name in $measurement; do
        echo "$name ($(sed -n '1s/"""//p' "scripts/soak-server/$name.py" 2>/dev/null || echo 'Requests by the description.'))"
        if [ "$name" = described ]; then described; else
            PYTHONDONTWRITEBYTECODE=1 timeout -s KILL 3600 python3 -u "scripts/soak-server/$name.py" "$program" "$work/$name"
        fi || failures=$((failures + 1))
        rm -rf "${work:?}/$name"
    done
done
echo "$failures of the measurements failed"
[ $failures -eq 0 ]
