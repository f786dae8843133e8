import Foundation
import Support
import Testing

/// The page of `sakuga serve`, in a real browser.
@Suite(
    "Page of the server", .enabled(if: Clip.hasFFmpeg && Browser.isThere, "needs chromium: scripts/deps.sh tests"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct ServePageTests {
    /// Mean difference of the original and the drawn frame that the page shows, in levels of 0…255.
    private static let difference = """
        (() => {
          const [drawn, original] = document.querySelectorAll('.stage img'), levels = (image) => {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            return context.getImageData(0, 0, canvas.width, canvas.height).data;
          };
          const [a, b] = [levels(drawn), levels(original)];
          return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]), 0) / a.length;
        })()
        """

    private func click(_ tab: Browser.Tab, _ text: String, in scope: String) throws {
        try tab.run("[...document.querySelectorAll('\(scope) button')].find(b => b.textContent == '\(text)').click()")
    }

    @Test("a film is sent, looked at as a drawing, drawn, and compared with its original")
    func life() throws {
        let service = try Service()
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        #expect(try tab.wait(for: "!document.querySelector('#none').hidden"))
        try tab.look("server-empty")
        let film = service.command.file("holiday ü+1 100%.mp4")
        try MediaTool.make(
            film, "-f lavfi -i testsrc2=s=320x180:r=10:d=6 -f lavfi -i sine=d=6 -c:v libx264 -pix_fmt yuv420p -c:a aac")
        try tab.choose([film], for: "#files")
        #expect(try tab.wait(for: "studio?.preview != null", timeout: 60))
        #expect(try tab.run("document.querySelectorAll('#studio .looks img').length >= 2") as? Bool == true)
        #expect(try tab.run(Self.difference) as? Double ?? 0 > 1)
        try tab.look("server-studio")

        // The same frame undrawn, then another look at another frame.
        try tab.run(
            "{ const s = document.querySelector('#strength'); s.value = 0; s.dispatchEvent(new Event('input')) }")
        #expect(try tab.wait(for: "studio.preview.includes('\"strength\":0,')"))
        #expect(try tab.run(Self.difference) as? Double == 0)
        try tab.run(
            "{ const s = document.querySelector('#strength'); s.value = 90; s.dispatchEvent(new Event('input')) }")
        try tab.run("document.querySelector('#studio input[value=painted]').click()")
        try tab.run(
            "{ const s = document.querySelector('.transport input'); s.value = 3; s.dispatchEvent(new Event('input')) }"
        )
        #expect(try tab.wait(for: "/^3 .*painted.*0.9/.test(studio.preview)"))
        #expect(try tab.run(Self.difference) as? Double ?? 0 > 1)

        // A larger generator, where the look has one.
        try tab.run(
            "{ const s = [...document.querySelectorAll('#studio select')].find(s => s.options[1].value == 'live'); "
                + "s.value = 'studio'; s.dispatchEvent(new Event('change')) }")
        #expect(try tab.wait(for: "/painted:studio/.test(studio.preview)", timeout: 60))
        try tab.run(
            "{ const s = [...document.querySelectorAll('#studio select')].find(s => s.options[1].value == 'live'); "
                + "s.value = ''; s.dispatchEvent(new Event('change')) }")
        try tab.run("document.querySelector('#start').click()")
        #expect(try tab.wait(for: "document.querySelector('li.done a.button') != null", timeout: 60))
        #expect(try tab.run("document.querySelector('#studio').hidden") as? Bool == true)
        let said = try tab.run("document.querySelector('li.done .what').textContent") as? String
        #expect(said == "Done · Painted · 60\u{a0}frames")
        let job = (try service.ask("/api/jobs").json["jobs"] as? [[String: Any]])?.first
        #expect((job?["options"] as? [String: Any])?["strength"] as? Double == 0.9)
        #expect(job?["filename"] as? String == "holiday ü+1 100%.mp4")

        try click(tab, "Compare", in: "li.done")
        let isPlaying =
            "document.querySelectorAll('li.done video').length == 2"
            + " && [...document.querySelectorAll('li.done video')].every(v => v.currentTime > 0.3 && !v.error)"
        #expect(try tab.wait(for: isPlaying, timeout: 30))
        #expect(try tab.run("document.querySelector('li.done .veil') == null") as? Bool == true)
        try tab.run(
            "{ const s = document.querySelector('li.done .wipe'); s.value = 20; s.dispatchEvent(new Event('input')) }")
        let cut = "getComputedStyle(document.querySelector('li.done .over')).clipPath.includes('80%')"
        #expect(try tab.run(cut) as? Bool == true)
        // The list is looked at anew every second; what is played goes on.
        Thread.sleep(forTimeInterval: 1.5)
        try click(tab, "Pause", in: "li.done")
        let apart = "{ const [a, b] = document.querySelectorAll('li.done video'); a.currentTime - b.currentTime }"
        #expect(try abs(tab.run(apart) as? Double ?? 9) < 0.01)
        try tab.look("server-compare")

        try click(tab, "Delete", in: "li.done")
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 1)
        try click(tab, "Really delete?", in: "li.done")
        #expect(try tab.wait(for: "!document.querySelector('#none').hidden"))
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 0)
        #expect(try service.end().code == 0)
    }

    @Test("what browsers cannot play is compared all the same, pictures too, and what is no film says so")
    func strangeFiles() throws {
        let service = try Service()
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        let broken = service.command.file("broken.mp4")
        try "nonsense".write(to: broken, atomically: true, encoding: .utf8)
        #expect(try tab.wait(for: "!document.querySelector('#none').hidden"))
        try tab.choose([Clip.filmAVI.url, Clip.photo.url, broken], for: "#files")
        #expect(try tab.wait(for: "document.querySelectorAll('li.held').length == 3", timeout: 30))
        #expect(
            try tab.wait(for: "/Cannot read 'broken.mp4'/.test(document.querySelector('li.failed .what')?.textContent)")
        )
        #expect(try tab.wait(for: "document.querySelector('#start-all')?.textContent == 'Draw all 2 like this'"))
        #expect(try tab.wait(for: "studio?.preview != null", timeout: 60))
        try tab.run("document.querySelector('#start-all').click()")
        #expect(try tab.wait(for: "document.querySelectorAll('li.done').length == 2", timeout: 60))
        try tab.run(
            "[...document.querySelectorAll('li.done button')].filter(b => b.textContent == 'Compare').forEach(b => b.click())"
        )
        #expect(
            try tab.wait(for: "[...document.querySelectorAll('li.done .stage img')].every(i => i.naturalWidth == 80)"))
        let isPlaying =
            "[...document.querySelectorAll('li.done video')].every(v => v.videoWidth == 64 && v.currentTime > 0.1)"
        #expect(
            try tab.wait(for: "document.querySelectorAll('li.done video').length == 2 && \(isPlaying)", timeout: 60))
        try tab.look("server-list")
        // Without the server the page says so.
        try service.crash()
        #expect(try tab.wait(for: "!document.querySelector('#alert').hidden"))
        try tab.look("server-alone")
    }

    /// `docs/server-page.jpg` is `server-readme.png` of this one.
    @Test(
        "the page as it looks with the sample film",
        .enabled(if: ProcessInfo.processInfo.environment["SAKUGA_SCREENSHOTS"] != nil, "SAKUGA_SCREENSHOTS is not set"))
    func sample() throws {
        let service = try Service()
        let clip = BuiltCommand.package.appendingPathComponent("samples/clip.mp4")
        _ = try service.wait(service.send(clip, "filename=garden.mp4&preset=painted&end=2"))
        _ = try service.send(clip, "filename=holiday.mp4&hold=true")
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        #expect(try tab.wait(for: "studio?.preview != null", timeout: 60))
        try tab.run(
            "{ const s = document.querySelector('.transport input'); s.value = 7; s.dispatchEvent(new Event('input')) }"
        )
        #expect(try tab.wait(for: "/^7 /.test(studio.preview)"))
        #expect(try tab.wait(for: "document.querySelectorAll('#studio .looks img.own').length == looks.length"))
        try tab.look("server-readme")
        try tab.run(
            "document.querySelector('#studio input[value=painted]').click(); document.querySelector('details').open = true"
        )
        #expect(try tab.wait(for: "/painted/.test(studio.preview)"))
        try tab.look("server-more")
        #expect(try service.end().code == 0)
    }

    @Test("with a keyboard alone a film gets its look and is started")
    func keyboard() throws {
        let service = try Service()
        _ = try service.send(Clip.filmMP4.url, "filename=film.mp4&hold=true")
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(service.address("/"))
        #expect(try tab.wait(for: "studio?.preview != null", timeout: 60))
        var seen: [String] = []
        func walk(to selector: String) throws -> Bool {
            for _ in 0..<20 {
                try tab.press("Tab")
                seen.append(try tab.run("document.activeElement.outerHTML.slice(0, 60)") as? String ?? "")
                // Whoever is there can see that.
                let outline = "(e => e.closest('label, .stage') ?? e)(document.activeElement)"
                let isVisible = try tab.run(
                    "[document.activeElement, \(outline)].some(e => getComputedStyle(e).outlineStyle == 'solid')")
                #expect(isVisible as? Bool == true, "\(seen.last ?? "")")
                if try tab.run("document.activeElement.matches('\(selector)')") as? Bool == true { return true }
            }
            return false
        }
        #expect(try walk(to: "#files"))
        #expect(try walk(to: ".wipe"), "\(seen)")
        try tab.press("End")
        #expect(try tab.run("document.querySelector('.stage').style.getPropertyValue('--cut')") as? String == "100%")
        #expect(try walk(to: "input[name=preset]"), "\(seen)")
        try tab.press("ArrowRight")
        #expect(try tab.wait(for: "studio.preview.includes('cel')"))
        try tab.look("server-keyboard")
        #expect(try walk(to: "#start"), "\(seen)")
        try tab.press("Enter")
        #expect(try tab.wait(for: "document.querySelector('li.done') != null", timeout: 60))
        let said = try tab.run("document.querySelector('li.done .what').textContent") as? String
        #expect(said == "Done · Cel · 20\u{a0}frames")
        #expect(try service.end().code == 0)
    }
}
