internal import Foundation
package import Stylize

/// One input of a batch, and where it goes.
package struct BatchItem: Sendable {
    package var request: StylizeRequest
    package var input: String { request.input }
    package let output: String

    package init(_ request: StylizeRequest, output: String) {
        self.request = request
        self.output = output
        self.request.output = output
    }
}

/// What became of an item.
package struct BatchResult: Codable, Sendable, Equatable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case done
        /// The output was there.
        case skipped
        case failed
        /// The batch ended before.
        case stopped
    }

    package var input: String
    package var output: String
    package var state: State
    package var frames: Int?
    /// From beginning to end.
    package var seconds: Double?
    package var error: String?
}
