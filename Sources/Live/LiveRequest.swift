package import Media
package import Stylize

/// Everything that decides what a live run draws and where it goes.
package struct LiveRequest: Sendable {
    /// A device, an address or a file; with `inputOptions.format`, whatever that demuxer takes.
    package var input: String
    package var inputOptions = InputOptions()
    /// The source gives pictures as fast as they are asked for: they are taken at the pace of their timestamps.
    package var isPaced = false
    /// Where sound comes from instead of from the source: a device of the format in `microphoneOptions`.
    package var microphone: String?
    package var microphoneOptions = InputOptions()
    /// The microphone gives sound as fast as it is asked for.
    package var isMicrophonePaced = false
    /// Says which preset or model draws, with which seed, strength and smoothing.
    package var drawing: StylizeRequest
    package var destinations: [LiveDestination] = []
    package var outputOptions = OutputOptions()
    /// How frames follow each other in the outputs.
    package var cadence = LiveWriter.Cadence.variable
    package var overwrites = false
    /// The largest size at which pictures are drawn follows the source's; false keeps it whatever it takes.
    package var adaptsQuality = true
    /// Ends by itself after so many seconds.
    package var duration: Double?

    package init(input: String, preset: String) {
        self.input = input
        drawing = StylizeRequest(input: input, output: nil, preset: preset)
        inputOptions.isLive = true
        microphoneOptions.isLive = true
    }
}
