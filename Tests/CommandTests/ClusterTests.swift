import Foundation
import Support
import Testing

/// `--executor slurm`, over stand-ins for Slurm's commands.
@Suite(
    "Drawing on a cluster", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct ClusterTests {
    private func batch(
        _ command: BuiltCommand, _ cluster: ClusterStandIn, _ arguments: String...
    ) throws -> BuiltCommand.Result {
        try command.run(
            ["batch"] + arguments + ["--executor", "slurm"], environment: cluster.environment, timeout: 120)
    }

    @Test("frames are those of one machine, a lost task is drawn again, and each input has its own fate")
    func batches() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let cluster = try ClusterStandIn(in: command.home)
        try FileManager.default.createDirectory(at: command.file("films"), withIntermediateDirectories: true)
        try Clip.scenes.copy(to: command.file("films/film.mp4"))
        try Clip.photo.copy(to: command.file("films/photo.jpg"))
        try Data("no film".utf8).write(to: command.file("films/bad.mp4"))
        #expect(try command.run("stylize", "films/film.mp4", "-o", "whole.mp4", "--progress", "none").code == 0)
        cluster.killNextTask()
        let result = try batch(
            command, cluster, "films", "-o", "out", "--segments-per-task", "1", "--report", "report.json")
        #expect(result.code == 65 && result.errorOutput.contains("2 done, 1 failed"), "\(result)")
        #expect(result.errorOutput.contains("what is missing is submitted again"))
        #expect(try Tool.frames(command.file("out/film.mp4")) == Tool.frames(command.file("whole.mp4")))
        #expect(FileManager.default.fileExists(atPath: command.file("out/photo.png").path))
        let report = try JSONSerialization.jsonObject(with: Data(contentsOf: command.file("report.json")))
        let outcomes = try #require(report as? [[String: Any]])
        #expect(outcomes.map { $0["state"] as? String } == ["failed", "done", "done"])
        #expect((outcomes[0]["error"] as? String)?.contains("bad.mp4") == true, "\(outcomes)")
        #expect(outcomes.dropFirst().allSatisfy { $0["error"] == nil })
        #expect(cluster.jobs.first?.contains("NODE_FAIL COMPLETED") == true, "\(cluster.jobs)")

        let again = try batch(command, cluster, "films/film.mp4", "-o", "out")
        #expect(again.code == 0 && again.errorOutput.contains("1 skipped"), "\(again)")
    }

    @Test("a picture that fails each time keeps no film from being joined")
    func persistentFault() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let cluster = try ClusterStandIn(in: command.home)
        try FileManager.default.createDirectory(at: command.file("films"), withIntermediateDirectories: true)
        try Clip.film.copy(to: command.file("films/film.mkv"))
        try Clip.photo.copy(to: command.file("films/photo.jpg"))
        cluster.crashTasks(naming: "photo.jpg")
        let result = try batch(command, cluster, "films", "-o", "out")
        #expect(result.code == 65 && result.errorOutput.contains("1 done, 1 failed"), "\(result)")
        #expect(result.errorOutput.contains("photo.jpg: failed: the cluster ended a piece of it: FAILED"), "\(result)")
        #expect(try Tool.frames(command.file("out/film.mkv")).count == 20)
    }

    @Test("a batch does not draw into what an earlier one's jobs still draw into")
    func earlierJobs() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let cluster = try ClusterStandIn(in: command.home)
        try Clip.scenes.copy(to: command.file("film.mp4"))
        let first = try command.start(
            ["batch", "film.mp4", "-o", "out", "--executor", "slurm"], environment: cluster.environment)
        #expect(first.waitForErrorOutput(timeout: 60) { $0.contains("are with the cluster") })
        first.send(SIGKILL)
        _ = try first.wait(timeout: 10)
        let second = try batch(command, cluster, "film.mp4", "-o", "out")
        #expect(second.code == 69 && second.errorOutput.contains("jobs of an earlier run still draw"), "\(second)")
        let deadline = ContinuousClock.now + .seconds(60)
        while cluster.jobs.contains(where: { $0.hasSuffix("…") }), ContinuousClock.now < deadline { usleep(20_000) }
        let third = try batch(command, cluster, "film.mp4", "-o", "out")
        #expect(third.code == 0 && third.errorOutput.contains("1 skipped"), "\(third)")
        #expect(try Tool.frames(command.file("out/film.mp4")).count == 400)
        #expect(try FileManager.default.contentsOfDirectory(atPath: command.file("out").path) == ["film.mp4"])
    }

    @Test("what the cluster says of its tasks is told, and what is there of an earlier time stays")
    func refusals() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let cluster = try ClusterStandIn(in: command.home)
        try Clip.film.copy(to: command.file("film.mkv"))
        try FileManager.default.createDirectory(at: command.file("out"), withIntermediateDirectories: true)
        try Data("earlier".utf8).write(to: command.file("out/film.mkv"))
        let refused = try batch(command, cluster, "film.mkv", "-o", "out", "--overwrite", "--slurm-option", "wrong")
        #expect(
            refused.code == 69 && refused.errorOutput.contains("the cluster refuses the work: invalid partition"),
            "\(refused)")
        cluster.endAllTasks()
        let late = try batch(command, cluster, "film.mkv", "-o", "out", "--overwrite")
        #expect(late.code == 65 && late.errorOutput.contains("the cluster ended a piece of it: TIMEOUT"), "\(late)")
        cluster.keepAccounts()
        let accounted = try batch(command, cluster, "film.mkv", "-o", "out", "--overwrite")
        #expect(accounted.errorOutput.contains("the cluster ended a piece of it: TIMEOUT"), "\(accounted)")
        #expect(try Data(contentsOf: command.file("out/film.mkv")) == Data("earlier".utf8))
    }

    @Test("a server's jobs wait for a cluster that is away, and a server without Slurm does not start")
    func waiting() throws {
        let home = try BuiltCommand()
        defer { home.removeHome() }
        let missing = try home.run(
            ["serve", "--executor", "slurm", "--bind", "127.0.0.1:0"], environment: ["PATH": home.home.path])
        #expect(missing.code == 69 && missing.errorOutput.contains("there is no sbatch here"), "\(missing)")
        let cluster = try ClusterStandIn(in: home.home)
        cluster.goAway(true)
        let service = try Service(["--executor", "slurm"], environment: cluster.environment)
        #expect(service.running.errorOutput.contains("warning: the cluster refuses the work: Unable to contact"))
        let id = try service.send(Clip.photo.url, "filename=photo.jpg")
        sleep(3)
        #expect(try service.ask("/api/jobs/\(id)").json["state"] as? String == "running")
        cluster.goAway(false)
        #expect(try service.wait(id)["state"] as? String == "done")
    }

    @Test("a server's jobs are drawn in segments, cancelled with the job, and taken over after a crash")
    func serves() throws {
        let home = try BuiltCommand()
        defer { home.removeHome() }
        let cluster = try ClusterStandIn(in: home.home)
        let service = try Service(["--executor", "slurm"], environment: cluster.environment)
        let film = home.file("film.mp4")
        try Clip.scenes.copy(to: film)
        #expect(
            try service.command.run(["stylize", film.path, "-o", "whole.mp4", "--progress", "none"]).code == 0)
        func isDrawing() throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while cluster.jobs.last?.hasSuffix("…") != true {
                guard ContinuousClock.now < deadline else { throw Browser.Failure(description: "\(cluster.jobs)") }
                usleep(20_000)
            }
        }

        let cancelled = try service.send(film, "filename=film.mp4")
        try isDrawing()
        #expect(try service.ask("/api/jobs/\(cancelled)/cancel", "-X", "POST").code == 200)
        let deadline = ContinuousClock.now + .seconds(30)
        while cluster.jobs.contains(where: { $0.hasSuffix("…") }), ContinuousClock.now < deadline { usleep(20_000) }
        #expect(!cluster.jobs.contains { $0.hasSuffix("…") || !$0.contains("sakuga-") }, "\(cluster.jobs)")

        let id = try service.send(film, "filename=film.mp4")
        try isDrawing()
        try service.crash()
        try service.restart()
        let job = try service.wait(id)
        #expect(job["state"] as? String == "done" && job["frames"] as? Int == 400, "\(job)")
        let answer = try service.ask("/api/jobs/\(id)/result", "-o", service.command.file("result.mp4").path)
        #expect(answer.code == 200)
        #expect(
            try Tool.frames(service.command.file("result.mp4")) == Tool.frames(service.command.file("whole.mp4")))
        #expect(cluster.jobs.last?.hasSuffix("COMPLETED") == true, "\(cluster.jobs)")
    }
}
