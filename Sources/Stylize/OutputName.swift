internal import Foundation
internal import Frames
internal import Media

/// Where a result goes when the user does not say it in full.
enum OutputName {
    /// `NAME.PRESET.EXT` beside the input; `FOLDER/NAME.EXT` for a folder; otherwise what the user says.
    static func resolve(_ request: StylizeRequest, info: MediaInfo, preset: String) throws(SakugaError) -> String {
        let input = request.input as NSString
        let fileExtension = OutputPlan.defaultExtension(forInput: request.input, info: info)
        let base = (input.lastPathComponent as NSString).deletingPathExtension
        guard let output = request.output else {
            guard request.input != "-", !request.input.contains("://") else {
                throw SakugaError(
                    .usage, "an output is needed where the input is no file", hint: "name it with -o, for instance -o drawn.mp4")
            }
            return "\(input.deletingPathExtension).\(preset).\(fileExtension)"
        }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) && isFolder.boolValue
        guard output.hasSuffix("/") || exists else { return output }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch {
            throw SakugaError(.cannotCreate, "cannot create the folder '\(output)': \(error.localizedDescription)")
        }
        return (output as NSString).appendingPathComponent("\(base).\(fileExtension)")
    }
}
