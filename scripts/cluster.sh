#!/usr/bin/env bash
# cluster.sh FOLDER COMMAND…: starts a Slurm cluster of one controller and two nodes on this machine, with all that it
# writes in FOLDER, runs COMMAND in it, and takes the cluster down. Needs slurm-wlm and munge, and root.
set -euo pipefail
work=$(realpath -m "$1")
shift
mkdir -p "$work"/{state,spool.one,spool.two}
user=$(id -un)
export SLURM_CONF=$work/slurm.conf

cat >"$SLURM_CONF" <<CONF
ClusterName=sakuga
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=16817
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.%n.log
# Also where there are no cgroups.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
SlurmdTimeout=6
SlurmctldTimeout=6
MessageTimeout=5
KillWait=2
MinJobAge=300
JobRequeue=1
SlurmdParameters=config_overrides
NodeName=one NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=16901 CPUs=1
NodeName=two NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=16902 CPUs=1
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP
CONF

stop() {
    for daemon in slurmd.one slurmd.two slurmctld munged; do
        [ -f "$work/$daemon.pid" ] && kill "$(cat "$work/$daemon.pid")" 2>/dev/null || true
    done
    [ -n "${children:-}" ] && kill $children 2>/dev/null || true
    wait 2>/dev/null || true
}
trap stop EXIT

[ -f "$work/munge.key" ] || (umask 077 && head -c 128 /dev/urandom >"$work/munge.key")
munged --force --foreground --key-file "$work/munge.key" --socket "$work/munge.socket" --pid-file "$work/munged.pid" \
    --log-file "$work/munged.log" --seed-file "$work/munged.seed" >"$work/munged.out" 2>&1 &
children=$!
for _ in $(seq 100); do [ -S "$work/munge.socket" ] && break || sleep 0.05; done
slurmctld -D -c >"$work/slurmctld.out" 2>&1 &
children="$children $!"
# Each node has a core of its own, as far as there are two.
start_node() {
    taskset -c "$2" slurmd -D -N "$1" >"$work/slurmd.$1.out" 2>&1 &
    children="$children $!"
}
start_node one 0
export CLUSTER_NODE_ONE=$!
start_node two $((1 % $(nproc)))
export CLUSTER_NODE_TWO=$!
for _ in $(seq 200); do
    [ "$(sinfo -h -o %T -N 2>/dev/null | sort -u)" = idle ] && break || sleep 0.1
done
[ "$(sinfo -h -o %T -N | sort -u)" = idle ] || {
    echo "the cluster does not start; see $work" >&2
    tail -n 5 "$work"/*.out "$work"/slurm*.log >&2
    exit 1
}
"$@"
