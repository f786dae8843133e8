#!/usr/bin/env bash
# test-cluster.sh PROGRAM: draws on a real Slurm cluster of two nodes with one core each, on this machine: the same frames
# as without, a node killed in the middle, a batch cancelled and gone on with, a server's job, and what two nodes gain
# over one.
#
# LENGTH is the film's length in seconds (120); a shorter one has too few pieces to share evenly, and gains less.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "$1")
length=${LENGTH:-120}

if [ -z "${CLUSTER_WORK:-}" ]; then
    source scripts/packages.sh
    install_packages slurm-wlm munge curl
    [ "$(id -u)" -eq 0 ] || fail "the cluster's daemons are started by root here" "run this as root, or in a container"
    CLUSTER_WORK=$(mktemp -d)
    export CLUSTER_WORK
    trap 'rm -rf "$CLUSTER_WORK"' EXIT
    scripts/cluster.sh "$CLUSTER_WORK/cluster" "$0" "$program"
    exit
fi
cd "$CLUSTER_WORK"
clip=$OLDPWD/samples/clip.mp4
failures=0

hashes() { ffmpeg -v error -i "$1" -map 0:v -f framemd5 - | grep -v '^#' | md5sum; }
same() { # FILM WHAT
    if [ -f "$1" ] && [ "$(hashes "$1")" = "$(hashes whole.mp4)" ]; then
        echo "  ok: $2: every frame and its time is that of one run"
    else
        echo "  FAILED: $2: frames differ"
        failures=$((failures + 1))
    fi
}
batch=("$program" batch film.mp4 --executor slurm --segments-per-task 2)
seconds() { date +%s.%N; }
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

ffmpeg -v error -stream_loop -1 -i "$clip" -t "$length" -c copy film.mp4
"$program" stylize film.mp4 -o whole.mp4 --progress none

echo "Two nodes"
start=$(seconds)
"${batch[@]}" -o two
two=$(awk "BEGIN { print $(seconds) - $start }")
same two/film.mp4 "two nodes"

echo "A node is killed in the middle"
"${batch[@]}" -o killed >killed.log 2>&1 &
run=$!
until grep -qE '^[1-9][0-9]* of' killed.log || ! kill -0 $run 2>/dev/null; do sleep 0.1; done
# All that belongs to the node: its daemon, and what it has started.
kill -9 "$CLUSTER_NODE_TWO"
for process in /proc/[0-9]*; do
    if { tr '\0' '\n' <"$process/environ"; } 2>/dev/null | grep -qx SLURMD_NODENAME=two; then
        kill -9 "$(basename "$process")" 2>/dev/null || true
    fi
done
echo "  killed when $(tail -n 1 killed.log)"
wait $run || { echo "  FAILED: the batch did not survive"; tail -n 5 killed.log; failures=$((failures + 1)); }
same killed/film.mp4 "a killed node"
taskset -c $((1 % $(nproc))) slurmd -D -N two >slurmd.two.out 2>&1 &
back=$!
trap 'kill $back 2>/dev/null || true' EXIT
scontrol update nodename=two state=resume 2>/dev/null || true
until [ "$(sinfo -h -N -n two -o %T)" = idle ]; do sleep 0.2; done

echo "A batch is cancelled, and gone on with"
"${batch[@]}" -o cancelled >cancelled.log 2>&1 &
run=$!
until grep -qE '^[1-9][0-9]* of' cancelled.log || ! kill -0 $run 2>/dev/null; do sleep 0.1; done
# (A background process of a script ignores SIGINT.)
kill -TERM $run
wait $run && echo "  the batch had ended already" || true
for _ in $(seq 100); do [ -z "$(squeue -h)" ] && break || sleep 0.1; done
[ -z "$(squeue -h)" ] && echo "  ok: nothing is left in the queue" || {
    echo "  FAILED: left in the queue:"
    squeue
    failures=$((failures + 1))
}
kept=$(ls cancelled/film.mp4.render/*.packets | wc -l)
"${batch[@]}" -o cancelled
same cancelled/film.mp4 "gone on with ($kept segments were drawn before)"

echo "A server's job"
"$program" serve --data data --bind 127.0.0.1:18090 --executor slurm 2>serve.log &
server=$!
until grep -q 'open http' serve.log || ! kill -0 $server 2>/dev/null; do sleep 0.1; done
jobs=http://127.0.0.1:18090/api/jobs
id=$(curl -sS -X POST --data-binary @film.mp4 "$jobs?filename=film.mp4" | sed 's/.*"id":"\([^"]*\)".*/\1/')
until curl -sS "$jobs/$id" | grep -qE '"state":"(done|failed)"'; do sleep 0.5; done
curl -sS -o served.mp4 "$jobs/$id/result"
same served.mp4 "a server's job"
kill -TERM $server
wait $server || true

echo "What two nodes gain"
scontrol update nodename=two state=drain reason=measuring
start=$(seconds)
"${batch[@]}" -o one >/dev/null 2>&1
one=$(awk "BEGIN { print $(seconds) - $start }")
scontrol update nodename=two state=resume
rate() { taskset -c "$1" "$program" bench "$clip" --rounds 1 --json 2>/dev/null | sed -n 's/.*"generatorRate" : \([0-9.]*\).*/\1/p'; }
alone=$(rate 0)
rate 0 >rate.0 &
first=$!
rate 1 >rate.1
wait $first
together=$(awk '{ sum += $1 } END { print sum }' rate.0 rate.1)
echo "  one node $(printf %.1f "$one") s, two nodes $(printf %.1f "$two") s: $(ratio "$one" "$two") times as fast"
echo "  the generator alone: $(printf %.1f "$alone") frames/s in one process, $(printf %.1f "$together") in two: $(ratio "$together" "$alone") times"
# T(n) = serial + parallel / n, by these two runs: planning, waiting for the cluster and joining do not get shorter.
awk -v one="$one" -v two="$two" -v seconds="$length" 'BEGIN {
    parallel = 2 * (one - two); serial = one - parallel
    if (serial < 0) serial = 0
    printf "  for a minute of film: %.1f s that more nodes do not shorten, %.1f s that they share\n", serial * 60 / seconds,
        parallel * 60 / seconds
    for (n = 4; n <= 64; n *= 2) printf "  %2d nodes: %.1f times as fast\n", n, one / (serial + parallel / n)
}'
[ $failures -eq 0 ] || exit 1
