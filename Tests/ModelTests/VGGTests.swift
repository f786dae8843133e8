import Foundation
import Frames
import Support
import Testing

@testable import Model

@Suite("VGG16")
struct VGGTests {
    @Test("the thirteen convolutions have the shapes of the paper")
    func convolutions() {
        let convolutions = VGGDescription.vgg16.convolutions
        #expect(convolutions.count == 13)
        #expect(convolutions.first?.name == "conv1_1" && convolutions.last?.name == "conv5_3")
        #expect(convolutions.reduce(0) { $0 + $1.inputs * $1.outputs * 9 + $1.outputs } == 14_714_688)
        let shape = VGGDescription.vgg16.shape(of: .relu43, width: 640, height: 360)
        #expect(shape.channels == 512 && shape.width == 80 && shape.height == 45)
    }

    @Test("weights that lack a tensor, have another shape or are not finite are refused by name")
    func refusals() throws {
        #expect(throws: Never.self) { try TestVGG.weights() }
        var file = TestVGG.file()
        file.tensors["conv3_2.bias"] = nil
        #expect(throws: SakugaError(.data, "tensor 'conv3_2.bias' is missing")) {
            try VGGWeights(file, description: TestVGG.description)
        }
        #expect(throws: SakugaError.self) { try VGGWeights(TestVGG.file()) }
        file = TestVGG.file()
        file.tensors["conv3_2.bias"] = Tensor(shape: [6], values: [0, 0, .nan, 0, 0, 0])
        #expect(throws: SakugaError.self) { try VGGWeights(file, description: TestVGG.description) }
    }

    @Test("weights that are nowhere are said to be missing, with what to do; the file named comes first")
    func missing() throws {
        let folder = try TemporaryFolder()
        let place = folder.url.appendingPathComponent("none.safetensors").path
        for environment in [["SAKUGA_VGG": place], [:]] {
            let error = #expect(throws: SakugaError.self) {
                try VGGWeights.load(environment.isEmpty ? place : nil, environment: environment)
            }
            #expect(error?.code == .unavailable && error?.message == "the weights of VGG16 are not there: '\(place)'")
            #expect(error?.hint?.contains("make vgg") == true)
        }
        let broken = folder.url.appendingPathComponent("broken.safetensors")
        try TestVGG.file().write(to: broken)
        let error = #expect(throws: SakugaError.self) { try VGGWeights.load(broken.path, environment: [:]) }
        #expect(error?.code == .data)
        #expect(error?.message.hasPrefix("cannot read weights '\(broken.path)': tensor 'conv") == true)
    }

    @Test("the cache comes first, then the current folder, then the checkout")
    func places() {
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let places = VGGWeights.usualPlaces(
            ["XDG_CACHE_HOME": "/cache"], executable: checkout.appendingPathComponent(".build/debug/sakuga"))
        #expect(places.count == 3 && places[0].path == "/cache/sakuga/vgg16.safetensors")
        #expect(places[1].path.hasSuffix("/.deps/vgg16.safetensors"))
        #expect(places[2].path == checkout.appendingPathComponent(".deps/vgg16.safetensors").path)
    }
}
