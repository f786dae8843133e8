/// Somebody who may use the service.
package struct User: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        /// Sees and changes only what is theirs, within the limits of the service.
        case user
        /// Sees and changes everything.
        case admin
    }

    package var name: String
    package var role: Role
}

/// Who makes a request.
enum Caller: Sendable, Equatable {
    /// Whoever runs the server: has its own token, or sits at its machine while there are no users.
    case host
    case user(User)

    var isAdmin: Bool {
        switch self {
        case .host: true
        case .user(let user): user.role == .admin
        }
    }

    /// Whose jobs they make; nil stands for the host.
    var name: String? {
        if case .user(let user) = self { user.name } else { nil }
    }

    /// The priorities that they may give: users may stand back, admins may also push forward.
    var priorities: ClosedRange<Int> { isAdmin ? -100...100 : -100...0 }

    /// Whether a thing of this owner is theirs to see and to change.
    func mayUse(_ owner: String?) -> Bool { isAdmin || (name != nil && name == owner) }
}
