import ArgumentParser
import Foundation
import Frames
import Media
import Model
import Stylize

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Shows what is in a file and what would be done with each stream.",
        discussion: """
            EXAMPLES
              sakuga probe holiday.mp4              the plan for the default output
              sakuga probe holiday.mkv -o out.mp4   the plan for another container
              sakuga probe holiday.mp4 --json       for programs
            """)

    @Argument(help: "A video or picture.")
    var input: String

    @Option(name: .shortAndLong, help: "The output to plan for; it is not written.")
    var output: String?

    @OptionGroup(title: "Output") var streams: StreamOptions

    @Flag(inversion: .prefixedNo, help: "Make interlaced video progressive.")
    var deinterlace = true

    @Option(name: .shortAndLong, help: "The preset to plan for: it stands in the output's name.")
    var preset = PresetLibrary.standard

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        var file: String
        var media: MediaInfo
        var output: String
        var plan: OutputPlan
        var warnings: [String]
    }

    func run() throws {
        var options = OutputOptions()
        streams.apply(to: &options)
        var inputOptions = InputOptions()
        inputOptions.deinterlaces = deinterlace
        let reader = try MediaReader(input, options: inputOptions)
        let request = StylizeRequest(input: input, output: output ?? (input == "-" ? "drawn.mkv" : nil), preset: preset)
        let name = try OutputName(request, isStill: reader.info.isStill, preset: preset).path
        let plan = try OutputPlan.make(for: reader, output: name, options: options)
        if json {
            let report = Report(
                file: input, media: reader.info, output: name, plan: plan, warnings: plan.warnings(reader.info))
            print(try JSONResult.text(report))
            return
        }
        print(ProbeText.header(input, reader))
        print("would be drawn as \(name) (\(plan.container))")
        for entry in plan.entries {
            let stream = reader.info.streams[entry.stream]
            print("  \(entry.stream)  \(ProbeText.describe(stream))  → \(ProbeText.describe(entry.action))")
        }
    }
}

/// The words of `sakuga probe`.
private enum ProbeText {
    static func header(_ input: String, _ reader: MediaReader) -> String {
        let info = reader.info
        var facts = [info.container]
        if !info.isStill, let duration = info.duration { facts.append(String(format: "%.2f s", duration)) }
        if info.startTime != 0 { facts.append(String(format: "starts at %.3f s", info.startTime)) }
        if info.chapterCount > 0 { facts.append("\(info.chapterCount) chapters") }
        facts.append("drawn at \(reader.picture.width)×\(reader.picture.height)")
        if reader.picture.isDeinterlaced { facts.append("deinterlaced") }
        if reader.picture.isToneMapped { facts.append("tone-mapped to BT.709") }
        return "\(input): \(facts.joined(separator: ", "))"
    }

    static func describe(_ stream: MediaInfo.Stream) -> String {
        var facts = [stream.kind.rawValue, stream.codec]
        if let video = stream.video {
            facts.append("\(video.width)×\(video.height)")
            facts.append(video.pixelFormat)
            if !stream.isAttachedPicture, video.frameRate > 0 {
                facts.append(String(format: "%.3g fps", video.frameRate))
            }
            if video.rotation != 0 { facts.append("turned by \(video.rotation)°") }
            if video.matrix != "unknown" { facts.append(video.matrix) }
        }
        if let audio = stream.audio { facts.append("\(audio.sampleRate) Hz, \(audio.channels) channels") }
        if let language = stream.language, language != "und" { facts.append(language) }
        if let title = stream.title { facts.append("“\(title)”") }
        return facts.joined(separator: " ")
    }

    static func describe(_ action: OutputPlan.Action) -> String {
        switch action {
        case .draw: "drawn"
        case .copy: "copied"
        case .convert(let codec): "converted to \(codec)"
        case .attach: "attached"
        case .drop(let reason, _, _): "left out: \(reason)"
        }
    }
}
