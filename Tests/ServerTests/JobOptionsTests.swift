import Foundation
import Stylize
import Testing

@testable import Server

@Suite("Job options")
struct JobOptionsTests {
    private func options(_ query: [(String, String)]) throws -> JobOptions {
        try JobOptions(query: query.map { (name: $0.0, value: $0.1) }, presets: ["cel", "painted"])
    }

    @Test("what is on the list is taken")
    func listed() throws {
        let options = try options([
            ("preset", "painted:studio"), ("seed", "7"), ("strength", "0.5"), ("keep_color", "true"),
            ("smoothing", "light"), ("scale", "0.5"), ("start", "1"), ("end", "2.5"), ("encoder", "libx265"),
            ("crf", "20"), ("audio", "opus"), ("filename", "x"), ("anything", "else"),
        ])
        let request = options.request(input: "in.mp4", folder: "out")
        #expect(request.preset == "painted:studio")
        #expect(request.seed == 7)
        #expect(request.strength == 0.5)
        #expect(request.keepsColor)
        #expect(request.output == "out/")
        #expect(request.model == nil)
        let copy = try JSONDecoder().decode(JobOptions.self, from: JSONEncoder().encode(options))
        #expect(copy == options)
    }

    @Test(
        "anything else is refused",
        arguments: [
            ("preset", "../presets/cel"), ("preset", "none"), ("preset", "cel:../x"), ("preset", "/etc"),
            ("seed", "-1"), ("strength", "2"), ("strength", "nan"), ("strength", "x"), ("keep_color", "maybe"),
            ("smoothing", "some"), ("scale", "0"), ("scale", "1000"), ("start", "-1"), ("encoder", "rawvideo"),
            ("encoder", "libx264 -f null"), ("crf", "99"), ("audio", "mp3"),
        ])
    func others(name: String, value: String) { #expect(throws: (any Error).self) { try options([(name, value)]) } }

    @Test("what a query does not name stays as it was")
    func changes() throws {
        let before = try options([("preset", "painted"), ("strength", "0.5"), ("smoothing", "off")])
        let after = try JobOptions(
            query: [(name: "strength", value: "0.8")], presets: ["cel", "painted"], over: before)
        var expected = before
        expected.strength = 0.8
        #expect(after == expected)
        #expect(throws: (any Error).self) {
            try JobOptions(query: [(name: "start", value: "3")], presets: [], over: options([("end", "2")]))
        }
    }

    @Test("an end before the start is refused")
    func order() { #expect(throws: (any Error).self) { try options([("start", "3"), ("end", "2")]) } }
}

@Suite("Ranges of files")
struct RangeTests {
    @Test(
        "a part is found as RFC 9110 says",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<10), ("bytes=3-", 3..<10), ("bytes=-4", 6..<10),
            ("bytes=-100", 0..<10), ("bytes=9-9", 9..<10),
        ])
    func parts(text: String, range: Range<Int>) {
        #expect(FileAnswer.range(text, size: 10) == .some(.some(range)))
    }

    @Test("a part outside the file cannot be given", arguments: ["bytes=10-", "bytes=10-20", "bytes=-0"])
    func outside(text: String) { #expect(FileAnswer.range(text, size: 10) == .some(nil)) }

    @Test(
        "what is not understood is left alone, so that all of it is sent",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes=--1",
            "bytes=99999999999999999999-",
        ])
    func nonsense(text: String) { #expect(FileAnswer.range(text, size: 10) == nil) }
}
