internal import Foundation
internal import Frames

/// Slurm's commands. Jobs are named by their identifiers.
struct Slurm: Sendable {
    /// Further options for sbatch, such as `--partition=gpu`.
    var options: [String] = []
    /// Processor cores for each task.
    var cores = 1

    /// Submits an array of `count` tasks; each runs `command`, in which `$TASK` is its number.
    ///
    /// - Parameters:
    ///   - logs: where the tasks' output goes, as `JOB_TASK.log`.
    ///   - after: jobs all of whose tasks must have succeeded before.
    /// - Throws: `.unavailable` with sbatch's words where it refuses.
    func submit(_ name: String, _ count: Int, _ command: String, logs: URL, after: [String]) throws -> String {
        var arguments = [
            "--parsable", "--job-name=\(name)", "--array=0-\(count - 1)", "--output=\(logs.path)/%A_%a.log",
            "--cpus-per-task=\(cores)", "--ntasks=1", "--requeue", "--kill-on-invalid-dep=yes",
        ]
        if !after.isEmpty { arguments.append("--dependency=afterok:\(after.joined(separator: ":"))") }
        let script = "#!/bin/sh\nTASK=$SLURM_ARRAY_TASK_ID\n\(command)\n"
        let said = try Self.run("sbatch", arguments + options, input: script)
        guard said.code == 0, let job = said.output.split(whereSeparator: { ";\n".contains($0) }).first else {
            throw SakugaError(
                .unavailable, "the cluster refuses the work: \(said.errors.trimmed) (sbatch)",
                hint: "check --slurm-option, and the cluster with sinfo")
        }
        return String(job)
    }

    /// Whether any of the jobs' tasks waits or runs.
    ///
    /// - Throws: `.unavailable` where the cluster does not answer.
    func isBusy(_ jobs: [String]) throws -> Bool {
        let said = try Self.run("squeue", ["--noheader", "--jobs=\(jobs.joined(separator: ","))", "--format=%i"])
        // A job that ended some time ago is not known any more.
        if said.code != 0, said.errors.contains("Invalid job id") { return false }
        guard said.code == 0 else {
            throw SakugaError(.unavailable, "the cluster does not answer: \(said.errors.trimmed) (squeue)")
        }
        return !said.output.trimmed.isEmpty
    }

    func cancel(_ jobs: [String]) { _ = try? Self.run("scancel", jobs) }

    /// Why a job's tasks ended as they did, where the cluster says more than their logs: `TIMEOUT`, `OUT_OF_MEMORY`.
    func reasons(_ job: String) -> String? {
        guard let said = try? Self.run("scontrol", ["--oneliner", "show", "job", job]), said.code == 0 else {
            return nil
        }
        let states = said.output.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("JobState=") }
            .map { String($0.dropFirst("JobState=".count)) }
        let bad = Set(states).subtracting(["COMPLETED", "PENDING", "RUNNING", "FAILED"])
        return bad.isEmpty ? nil : bad.sorted().joined(separator: ", ")
    }

    private struct Said {
        var code: Int32
        var output: String
        var errors: String
    }

    private static func run(_ name: String, _ arguments: [String], input: String = "") throws -> Said {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (asked, said, complained) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (asked, said, complained)
        do {
            try process.run()
        } catch {
            throw SakugaError(.unavailable, "\(name) cannot be started: \(error.localizedDescription)")
        }
        try? asked.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? asked.fileHandleForWriting.close()
        let output = said.fileHandleForReading.readDataToEndOfFile()
        let errors = complained.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus != 127 else {
            throw SakugaError(
                .unavailable, "there is no \(name) here", hint: "install Slurm's commands, or use --executor local")
        }
        return Said(
            code: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
