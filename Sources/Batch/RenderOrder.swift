internal import Foundation
package import Stylize
package import Work

/// A piece of work of a batch, as one line of JSON: what `sakuga render` does.
package struct RenderOrder: Codable, Sendable {
    package var request: StylizeRequest
    /// Only the plan is made; nothing is drawn.
    package var plans = false
    /// Where the film is a stranger's.
    package var limits: ProcessLimits?

    package init(_ request: StylizeRequest, plans: Bool = false, limits: ProcessLimits? = nil) {
        (self.request, self.plans, self.limits) = (request, plans, limits)
    }
}
