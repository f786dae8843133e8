internal import Foundation
package import Stylize

/// A piece of work of a batch, as one line of JSON: what `sakuga render` does.
package struct RenderOrder: Codable, Sendable {
    package var request: StylizeRequest
    /// Only the plan is made; nothing is drawn.
    package var plans = false

    package init(_ request: StylizeRequest, plans: Bool = false) { (self.request, self.plans) = (request, plans) }
}
