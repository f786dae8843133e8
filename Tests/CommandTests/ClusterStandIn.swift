import Foundation

/// Slurm's commands as far as Sakuga uses them, for a cluster of this machine alone: what is asked of a real one without
/// starting one. `make test-cluster` runs a real one.
struct ClusterStandIn {
    let folder: URL

    init(in home: URL) throws {
        folder = home.appendingPathComponent("cluster")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("jobs"), withIntermediateDirectories: true)
        for (name, text) in [
            "sbatch": Self.sbatch, "squeue": Self.squeue, "scancel": Self.scancel, "scontrol": Self.scontrol,
            "sacct": Self.sacct,
        ] {
            let file = folder.appendingPathComponent(name)
            try Data("#!/bin/bash\ncd \"$(dirname \"$0\")\"\n\(text)".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
    }

    var environment: [String: String] { ["PATH": "\(folder.path):/usr/bin:/bin"] }

    /// The next task that is begun dies with its node.
    func killNextTask() { mark("die") }

    /// Every task that is begun from now on runs out of its time.
    func endAllTasks() { mark("late") }

    /// Tasks whose orders contain a text die, each time.
    func crashTasks(naming text: String) {
        try? Data(text.utf8).write(to: folder.appendingPathComponent("crash"))
    }

    /// The controller does not answer to work, or does again.
    func goAway(_ isAway: Bool) {
        isAway ? mark("away") : try? FileManager.default.removeItem(at: folder.appendingPathComponent("away"))
    }

    /// What became of jobs is from now on only known to accounting.
    func keepAccounts() { mark("accounts") }

    private func mark(_ name: String) {
        _ = FileManager.default.createFile(atPath: folder.appendingPathComponent(name).path, contents: nil)
    }

    /// How the jobs' tasks ended, and `…` where they have not: `sakuga-draw-1A2B3C4D: COMPLETED COMPLETED`.
    var jobs: [String] {
        let root = folder.appendingPathComponent("jobs")
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []).compactMap { Int($0) }
        return names.sorted().map { number in
            let job = root.appendingPathComponent("\(number)")
            func text(_ name: String) -> String {
                let text = try? String(contentsOf: job.appendingPathComponent(name), encoding: .utf8)
                return (text ?? "").split(separator: "\n").joined(separator: " ")
            }
            return text("name") + ": " + (text("state").isEmpty ? "…" : text("states"))
        }
    }

    private static let sbatch = """
        for argument in "$@"; do
            case $argument in
            --job-name=*) name=${argument#*=} ;;
            --array=*) last=${argument##*-} ;;
            --output=*) logs=$(dirname "${argument#*=}") ;;
            --dependency=*) after=${argument#*afterok:} ;;
            --test-only) cat >/dev/null; isTest=1 ;;
            --wrong) echo "sbatch: error: invalid partition specified: $argument" >&2; exit 1 ;;
            esac
        done
        [ -e away ] && { echo "sbatch: error: Unable to contact slurm controller (connect failure)" >&2; exit 1; }
        [ -z "$isTest" ] || exit 0
        id=1
        until mkdir "jobs/$id" 2>/dev/null; do id=$((id + 1)); done
        cat >"jobs/$id/script"
        echo "$name" >"jobs/$id/name"
        export name last logs after id
        # Whoever waits for the end of what is said here must not wait for the tasks.
        for file in /proc/self/fd/*; do
            [ "${file##*/}" -le 2 ] || [ "${file##*/}" -eq 255 ] || eval "exec ${file##*/}>&-"
        done
        setsid bash -c '
            for job in ${after//:/ }; do
                until [ -e "jobs/$job/state" ]; do sleep 0.02; done
                grep -qvx COMPLETED "jobs/$job/states" && touch "jobs/$id/cancelled"
            done
            for task in $(seq 0 $last); do
                if [ -e "jobs/$id/cancelled" ]; then
                    state=CANCELLED
                elif [ -e late ]; then
                    echo "{\\\"event\\\":\\\"error\\\",\\\"code\\\":130,\\\"message\\\":\\\"stopped\\\"}" >"$logs/${id}_$task.log"
                    state=TIMEOUT
                elif [ -e crash ] && sed -n "$((task + 1))p" $(grep -o "/[^ ]*[.]jsonl" "jobs/$id/script" | tail -n 1) | grep -qF -f crash; then
                    state=FAILED
                elif [ -e die ]; then
                    rm die
                    state=NODE_FAIL
                else
                    (cd / && SLURM_ARRAY_TASK_ID=$task exec sh "$OLDPWD/jobs/$id/script" >"$logs/${id}_$task.log" 2>&1 </dev/null) &
                    echo $! >"jobs/$id/process"
                    wait $! && state=COMPLETED || state=FAILED
                fi
                echo $state >>"jobs/$id/states"
            done
            echo over >"jobs/$id/state"
            ' </dev/null >/dev/null 2>&1 &
        echo "$id"
        """

    private static let squeue = """
        for argument in "$@"; do
            case $argument in
            --jobs=*) asked=${argument#*=} ;;
            --name=*) asked=$(grep -lxF -e "$(tr , "\n" <<<"${argument#*=}")" jobs/*/name | cut -d / -f 2) ;;
            esac
        done
        for id in ${asked//,/ }; do [ -e "jobs/$id/state" ] || echo "$id"; done
        """

    private static let scancel = """
        asked="$*"
        case $1 in --name=*) asked=$(grep -lx -e "${1#*=}" jobs/*/name | cut -d / -f 2) ;; esac
        for id in $asked; do
            touch "jobs/$id/cancelled"
            kill "$(cat "jobs/$id/process" 2>/dev/null)" 2>/dev/null
        done
        exit 0
        """

    private static let sacct = """
        [ -e accounts ] || { echo "Slurm accounting storage is disabled" >&2; exit 1; }
        for argument in "$@"; do case $argument in --jobs=*) asked=${argument#*=} ;; esac; done
        task=0
        while read -r state; do
            echo "${asked}_$task|${state/CANCELLED/CANCELLED by 0}"
            task=$((task + 1))
        done <"jobs/$asked/states"
        """

    private static let scontrol = """
        [ ! -e accounts ] || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
        task=0
        while read -r state; do
            echo "JobId=$4 ArrayJobId=$4 ArrayTaskId=$task JobState=$state Reason=None"
            task=$((task + 1))
        done <"jobs/$4/states"
        """
}
