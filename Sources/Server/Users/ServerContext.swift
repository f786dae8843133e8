internal import Hummingbird

/// What is known of a request on its way.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Set by `Admission`; nobody has no name, and whoever is nobody may see nothing.
    var caller = Caller.user(User(name: "", role: .user))

    /// The address from which the request comes.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// The identifier in the path; anything else is not found.
    func id() throws -> String {
        guard let id = parameters.get("id"), id.count == 32, id.allSatisfy(\.isHexDigit) else { throw NotFound() }
        return id
    }
}

extension JobService {
    /// The job in the request's path. Another user's job is not found: that it is there is nobody else's business.
    func job(_ context: ServerContext) throws -> Job {
        guard let job = try store.job(context.id()), context.caller.mayUse(job.owner) else { throw NotFound() }
        return job
    }
}
