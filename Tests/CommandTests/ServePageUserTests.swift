import Foundation
import Support
import Testing

/// The page of `sakuga serve` for several people, large files and long lists, in a real browser.
@Suite(
    "Page of the server for many",
    .enabled(if: Clip.hasFFmpeg && Browser.isThere, "needs chromium: scripts/deps.sh tests"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct ServePageUserTests {
    private func token(_ service: Service, _ arguments: String...) throws -> String {
        try service.command.run(["users", "add"] + arguments + ["--data", "data"]).output
            .trimmingCharacters(in: .newlines)
    }

    private func enter(_ tab: Browser.Tab, _ token: String) throws {
        try tab.run(
            "document.querySelector('#token').value = '\(token)'; document.querySelector('#entry button').click()")
    }

    private static let isAsking = "!document.querySelector('#entry').hidden"
    private static let isIn = "!document.querySelector('main').classList.contains('locked') && me != null"

    private func click(_ tab: Browser.Tab, _ text: String, in scope: String) throws {
        try tab.run("[...document.querySelectorAll(`\(scope) button`)].find(b => b.textContent == '\(text)').click()")
    }

    @Test("the page asks for a token, keeps it out of the address, and shows each their own; admins say who is first")
    func people() throws {
        let service = try Service(["--quota-per-user", "100"], environment: ["SAKUGA_TOKEN": "correct-horse-battery"])
        let (mia, ada) = (try token(service, "mia"), try token(service, "ada", "--admin"))
        let long = try service.send(Clip.long.url, "filename=long.mkv", token: mia)
        _ = try service.wait(long, until: ["running"], token: mia)
        let (first, second) = (
            try service.send(Clip.filmMP4.url, "filename=first.mp4", token: mia),
            try service.send(Clip.filmMP4.url, "filename=second.mp4", token: "correct-horse-battery")
        )
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        #expect(try tab.wait(for: Self.isAsking))
        try tab.look("server-token")
        try enter(tab, "wrong")
        #expect(try tab.wait(for: "!document.querySelector('#entry .bad').hidden"))
        #expect(try tab.run("document.body.innerText.includes('first.mp4')") as? Bool == false)
        try enter(tab, mia)
        #expect(try tab.wait(for: "\(Self.isIn) && document.querySelectorAll('#jobs > li').length == 2"))
        let line = try tab.run("document.querySelector('#me').textContent") as? String ?? ""
        #expect(line.hasPrefix("mia") && line.contains("of 104.9\u{a0}MB kept"), "\(line)")
        #expect(try tab.run("document.querySelector('.owner') == null") as? Bool == true)
        // Asked for again, the page knows it; left, it does not.
        try tab.run("window.isOld = true; location.reload()")
        #expect(
            try tab.wait(for: "!window.isOld && \(Self.isIn) && document.querySelectorAll('#jobs > li').length == 2"))
        try click(tab, "Leave", in: "#me")
        #expect(try tab.wait(for: Self.isAsking))
        #expect(try tab.run("document.querySelectorAll('#jobs > li').length") as? Int == 0)

        let other = try browser.open(service.address("/?token=\(ada)"))
        #expect(try other.wait(for: "\(Self.isIn) && document.querySelectorAll('#jobs > li').length == 3"))
        #expect(try other.run("location.href") as? String == service.address("/"))
        #expect(try other.run("document.documentElement.outerHTML.includes('?token=')") as? Bool == false)
        let owners = try other.run("[...document.querySelectorAll('.owner')].map(o => o.textContent).join()") as? String
        #expect(owners == "host,mia,mia")
        #expect(try other.wait(for: "[...document.querySelectorAll('.thumb img')].every(i => i.naturalWidth > 0)"))
        try click(other, "Sooner", in: "li[data-id='\(first)']")
        #expect(
            try other.wait(for: "/priority \\+10/.test(document.querySelector(`li[data-id='\(first)']`).innerText)"))
        #expect(try service.ask("/api/jobs/\(first)", token: mia).json["priority"] as? Int == 10)
        try click(other, "Later", in: "li[data-id='\(second)']")
        try other.look("server-admin")
        #expect(try service.ask("/api/jobs/\(long)", token: ada, "-X", "DELETE").code == 204)
        let ended = try [first, second].map { try service.wait($0, token: ada)["started"] as? Double ?? 0 }
        #expect(ended[0] < ended[1])
        // Whoever is removed while the page is open sees nothing any more.
        _ = try service.command.run("users", "remove", "ada", "--data", "data")
        #expect(try other.wait(for: Self.isAsking))
        #expect(try other.run("document.body.innerText.includes('first.mp4')") as? Bool == false)
        #expect(try service.end().code == 0)
    }

    @Test("a large film goes on where it was when the server breaks down, and when the page is opened anew")
    func uploads() throws {
        let service = try Service()
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        func begin(_ tab: Browser.Tab, with file: URL) throws -> String {
            #expect(try tab.wait(for: "me != null"))
            // Parts are as small as it takes to be there in the middle of it.
            try tab.run("partSize = 8192")
            try tab.choose([file], for: "#files")
            #expect(try tab.wait(for: "uploads[0]?.sent > 0"))
            return try tab.run("uploads[0].id") as? String ?? ""
        }
        func film(_ id: String) throws -> Data {
            let copy = service.command.file("copy")
            _ = try service.ask("/api/jobs/\(id)/input", "-o", copy.path)
            return try Data(contentsOf: copy)
        }
        let original = try Clip.large.bytes
        let id = try begin(tab, with: Clip.large.url)
        try service.crash()
        #expect(try tab.wait(for: "/Goes on by itself/.test(document.querySelector('li.uploading .what').textContent)"))
        try tab.look("server-broken")
        try service.restart()
        #expect(try service.ask("/api/uploads/\(id)").json["offset"] as? Int ?? 0 > 0)
        try tab.run("partSize = 1e6")
        #expect(try tab.wait(for: "document.querySelector(`li.held[data-id='\(id)']`) != null", timeout: 40))
        #expect(try film(id) == original)
        #expect(try tab.run("localStorage.length") as? Int == 0)

        // The same file again, and now the page goes, too.
        let again = try begin(tab, with: Clip.large.url)
        #expect(again != id)
        try service.crash()
        try service.restart()
        let other = try browser.open(service.address("/"))
        try tab.run("for (const upload of uploads) upload.state = 'gone'")
        let there = try service.ask("/api/uploads/\(again)").json["offset"] as? Int ?? 0
        #expect((1..<original.count).contains(there))
        #expect(try other.wait(for: "me != null"))
        try other.choose([Clip.large.url], for: "#files")
        #expect(try other.wait(for: "document.querySelector(`li.held[data-id='\(again)']`) != null", timeout: 40))
        #expect(try other.run("uploads.length") as? Int == 0)
        #expect(try film(again) == original)
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 2)
        // What is stopped leaves nothing.
        _ = try begin(other, with: Clip.large.url)
        try click(other, "Stop", in: "li.uploading")
        #expect(try other.wait(for: "uploads.length == 0 && localStorage.length == 0"))
        let folder = service.command.file("data/jobs").path
        for _ in 0..<50 where try FileManager.default.contentsOfDirectory(atPath: folder).count > 2 { usleep(100_000) }
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder)) == [id, again])
        #expect(try service.end().code == 0)
    }

    @Test(
        "what the server does not take is said in its words",
        arguments: [
            (["--largest-upload", "1"], "Uploads may have 1 MB at most."),
            (["--quota-per-user", "1"], "Your films and drawings would take more than 1 MB: delete some first."),
            (["--free-disk", "99999999"], "The server's disk is nearly full: try again later."),
            (
                ["--waiting-per-user", "1"],
                "1 of your jobs wait already: send more when some are drawn, or cancel some."
            ),
        ])
    func refusals(options: [String], sentence: String) throws {
        let service = try Service(options)
        let mia = try token(service, "mia")
        if options[0] == "--waiting-per-user" {
            _ = try service.send(Clip.filmMP4.url, "filename=held.mp4&hold=true", token: mia)
        }
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/?token=\(mia)"))
        #expect(try tab.wait(for: Self.isIn))
        try tab.choose([Clip.large.url], for: "#files")
        #expect(try tab.wait(for: "document.querySelector('li.failed .what')?.textContent == `\(sentence)`"))
        try tab.look("server-refused")
        #expect(try service.end().code == 0)
    }

    @Test("a long list is shown in pages, is searched, and does not grow the page")
    func manyJobs() throws {
        let service = try Service(["--rate", "0"])
        let names = (0..<120).map { "photo \($0).jpg" }
        let photo = Clip.photo.url
        for name in names {
            let shown = name.replacingOccurrences(of: " ", with: "%20")
            _ = try service.send(photo, "filename=\(shown)&hold=true")
        }
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        let rows = "[...document.querySelectorAll('#jobs .name')].map(n => n.textContent)"
        var seen: [String] = []
        for (number, count) in [50, 50, 20].enumerated() {
            let first = names[119 - 50 * number]
            #expect(try tab.wait(for: "\(rows)[0] == '\(first)' && \(rows).length == \(count)"), "\(number)")
            seen += try tab.run(rows) as? [String] ?? []
            if number == 1 { try tab.look("server-pages") }
            try click(tab, "Older", in: "#pages")
        }
        #expect(seen == names.reversed())
        try tab.run(
            "{ const s = document.querySelector('#search'); s.value = 'PHOTO 11'; s.dispatchEvent(new Event('input')) }"
        )
        #expect(try tab.wait(for: "\(rows).length == 11"))
        let expected = Set((110...119).map { "photo \($0).jpg" } + ["photo 11.jpg"])
        #expect(try Set(tab.run(rows) as? [String] ?? []) == expected)
        // Held ones are found on whatever page they are.
        #expect(try tab.wait(for: "document.querySelector('#start-all')?.textContent == 'Draw all 120 like this'"))
        try tab.run(
            "{ const s = document.querySelector('#state'); s.value = 'done'; s.dispatchEvent(new Event('input')) }")
        #expect(try tab.wait(for: "!document.querySelector('#nothing').hidden && \(rows).length == 0"))
        #expect(try service.end().code == 0)
    }
}
