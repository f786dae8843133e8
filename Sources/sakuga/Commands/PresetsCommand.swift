import ArgumentParser
import Foundation
import Frames
import Model

/// `sakuga presets`: the looks that are there, adding one, taking one away.
struct PresetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "Lists, shows, adds and removes looks.",
        discussion: """
            Presets are looked for in $SAKUGA_PRESETS, beside the program, in share/sakuga/presets \
            where it is installed, and in ~/.local/share/sakuga/presets.

            EXAMPLES
              sakuga presets                    all that were found
              sakuga presets cel                one of them in detail
              sakuga presets add Downloads/ink  check it and copy it to your own
              sakuga presets remove ink         take it away again
            """,
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the presets that were found, or shows one.")

        @Argument(help: "A preset to show in detail: a name, or the path of a folder.")
        var name: String?

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let library = PresetLibrary()
            if let name {
                let preset = try library.preset(named: name).preset
                print(json ? try JSONResult.text(PresetResult(preset)) : PresetText.details(preset))
                return
            }
            let entries = library.list()
            if json {
                print(try JSONResult.text(entries.map(PresetResult.init(entry:))))
            } else if entries.isEmpty {
                TerminalScreen.standardError.write(
                    "note: no presets were found; they are looked for in:\n"
                        + library.folders.map { "  \($0.path)\n" }.joined())
            } else {
                print(PresetText.table(entries))
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a preset and copies it to your own presets.")

        @Argument(help: "A preset folder, or one packed as .tar or .tar.gz.", completion: .file())
        var source: String

        @Flag(help: "Replace a preset of the same name.")
        var overwrite = false

        func run() throws {
            do {
                let preset = try PresetLibrary().add(from: URL(fileURLWithPath: source), replacing: overwrite)
                print("added \(preset.name): \(preset.folder.path)")
            } catch let error as SakugaError where error.code == .cannotCreate && !overwrite && error.hint == nil {
                var error = error
                if error.message.hasSuffix("exists") { error.hint = "give --overwrite to replace it" }
                throw error
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a preset that you added.")

        @Argument(help: "The preset's name.")
        var name: String

        func run() throws {
            try PresetLibrary().remove(named: name)
            print("removed \(name)")
        }
    }
}
