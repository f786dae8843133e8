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
            throw Self.refusal(said.errors)
        }
        return String(job)
    }

    /// Asks the cluster whether it would take a task.
    ///
    /// - Returns: its refusal; nil: it would.
    /// - Throws: `.unavailable` where there are no Slurm commands.
    func refusal() throws -> SakugaError? {
        let said = try Self.run(
            "sbatch", ["--test-only", "--cpus-per-task=\(cores)", "--ntasks=1"] + options, input: "#!/bin/sh\n")
        return said.code == 0 ? nil : Self.refusal(said.errors)
    }

    /// Of what sbatch says, its last words, or its first complaint.
    private static func refusal(_ text: String) -> SakugaError {
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let line = lines.first { $0.contains("fatal: ") } ?? lines.first { $0.contains("error: ") } ?? lines.first ?? ""
        let words = line.replacing("sbatch: ", with: "").replacing("fatal: ", with: "").replacing("error: ", with: "")
        return SakugaError(
            .unavailable, "the cluster refuses the work: \(words) (sbatch)",
            hint: "check --slurm-option, and the cluster with sinfo")
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

    /// Cancels the user's jobs of these names.
    func cancel(named names: [String]) {
        for name in names { _ = try? Self.run("scancel", ["--name=\(name)"]) }
    }

    /// Whether any of the jobs of these names waits or runs.
    ///
    /// - Throws: `.unavailable` where the cluster does not answer.
    func isBusy(named names: [String]) throws -> Bool {
        let said = try Self.run("squeue", ["--noheader", "--name=\(names.joined(separator: ","))", "--format=%i"])
        guard said.code == 0 else {
            throw SakugaError(.unavailable, "the cluster does not answer: \(said.errors.trimmed) (squeue)")
        }
        return !said.output.trimmed.isEmpty
    }

    /// How the tasks of a job ended, by their numbers in the array: `COMPLETED`, `TIMEOUT`, `OUT_OF_MEMORY`, … Those that the
    /// cluster knows nothing of, or that never began, are not among them.
    func states(_ job: String) -> [Int: String] {
        // Accounting remembers for good, the controller for some minutes.
        let asked = ["--jobs=\(job)", "--allocations", "--noheader", "--parsable2", "--format=JobID,State"]
        if let said = try? Self.run("sacct", asked), said.code == 0, !said.output.trimmed.isEmpty {
            return Self.accounted(said.output)
        }
        guard let said = try? Self.run("scontrol", ["--oneliner", "show", "job", job]), said.code == 0 else {
            return [:]
        }
        return Self.shown(said.output)
    }

    /// Reads lines such as `12_3|CANCELLED by 0`.
    static func accounted(_ text: String) -> [Int: String] {
        var states: [Int: String] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "|")
            guard fields.count == 2, let task = fields[0].split(separator: "_").dropFirst().first.flatMap({ Int($0) })
            else { continue }
            states[task] = fields[1].split(separator: " ").first.map(String.init)
        }
        return states
    }

    /// Reads lines of `NAME=VALUE`s, one for each task.
    static func shown(_ text: String) -> [Int: String] {
        var states: [Int: String] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            func value(_ name: String) -> String? {
                fields.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
            }
            guard let task = value("ArrayTaskId").flatMap({ Int($0) }) else { continue }
            states[task] = value("JobState")
        }
        return states
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
