internal import Model
internal import Stylize

extension GeneratorChoice {
    /// The steps by which drawing gets cheaper: the chosen size of the preset at all scales down to where its `live` size is
    /// cheaper, then that. Cost follows pixels and, between sizes, the networks' multiply–adds.
    func rungs() -> [QualityLadder.Rung] {
        func rungs(_ size: String?, _ scales: [Double], cost: Double) -> [QualityLadder.Rung] {
            scales.map { .init(size: size, scale: $0, cost: cost * $0 * $0) }
        }
        guard case .preset(let choice) = self, choice.size.name != "live",
            let live = try? choice.preset.size(named: "live")
        else { return rungs(nil, QualityLadder.scales, cost: 1) }
        let relative =
            live.generator.gigaMACs(width: 640, height: 360) / choice.size.generator.gigaMACs(width: 640, height: 360)
        return rungs(nil, [1, 0.85], cost: 1) + rungs("live", QualityLadder.scales, cost: max(0.2, relative))
    }
}
