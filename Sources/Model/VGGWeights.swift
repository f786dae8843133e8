internal import Foundation
internal import Frames

/// VGG16's weights: `convB_N.weight` [out, in, 3, 3] and `convB_N.bias` [out] for the thirteen convolutions.
package struct VGGWeights: Sendable {
    package let description: VGGDescription
    package let tensors: [String: Tensor]

    /// - Throws: `.data`, naming the tensor, where one is missing, has another shape or is not finite.
    package init(_ file: Safetensors, description: VGGDescription = .vgg16) throws {
        for convolution in description.convolutions {
            let shapes = [
                ".weight": [convolution.outputs, convolution.inputs, 3, 3], ".bias": [convolution.outputs],
            ]
            for (part, shape) in shapes {
                let name = convolution.name + part
                guard let tensor = file.tensors[name] else {
                    throw SakugaError(.data, "tensor '\(name)' is missing")
                }
                guard tensor.shape == shape else {
                    throw SakugaError(.data, "tensor '\(name)' has shape \(tensor.shape), expected \(shape)")
                }
                guard tensor.values.allSatisfy(\.isFinite) else {
                    throw SakugaError(.data, "tensor '\(name)' holds numbers that are not finite (NaN or infinity)")
                }
            }
        }
        self.description = description
        tensors = file.tensors
    }

    /// Reads the weights from `file`, or from where `make vgg` and users put them.
    ///
    /// - Throws: `.unavailable` where they are nowhere; `.noInput` and `.data` where the file cannot be used.
    package static func load(
        _ file: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> VGGWeights {
        let named = file ?? environment["SAKUGA_VGG"].flatMap { $0.isEmpty ? nil : $0 }
        let places = named.map { [URL(fileURLWithPath: $0)] } ?? usualPlaces(environment)
        guard let place = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw SakugaError(
                .unavailable, "the weights of VGG16 are not there: '\(places[0].path)'",
                hint: "fetch them with 'make vgg' in Sakuga's checkout, or name the file with --vgg or SAKUGA_VGG")
        }
        do {
            return try VGGWeights(Safetensors(contentsOf: place))
        } catch let error as SakugaError where !error.message.hasPrefix("cannot read weights") {
            throw SakugaError(error.code, "cannot read weights '\(place.path)': \(error.message)", hint: error.hint)
        }
    }

    /// The search order where nothing is said: `$XDG_CACHE_HOME/sakuga` or `~/.cache/sakuga`, `.deps` in the current
    /// folder, `.deps` of the checkout in which the program was built.
    static func usualPlaces(
        _ environment: [String: String], executable: URL? = Bundle.main.executableURL
    ) -> [URL] {
        let name = "vgg16.safetensors"
        let home = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.cache"
        var places = [
            URL(fileURLWithPath: cache).appendingPathComponent("sakuga/\(name)"), URL(fileURLWithPath: ".deps/\(name)"),
        ]
        guard var folder = executable?.resolvingSymlinksInPath().deletingLastPathComponent() else { return places }
        while folder.path.count > 1 {
            folder.deleteLastPathComponent()
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
                places.append(folder.appendingPathComponent(".deps/\(name)"))
                break
            }
        }
        return places
    }
}
