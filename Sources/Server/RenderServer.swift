package import Foundation
internal import Frames
package import Model
internal import Stylize
package import Web

/// A render service: an HTTP interface and a page over jobs that worker processes draw.
package final class RenderServer: Sendable {
    package struct Settings: Sendable {
        /// Where jobs, uploads and results are kept.
        package var data: URL
        package var address: ListenAddress
        /// Names under which a proxy reaches it.
        package var names: [String] = []
        /// Jobs drawn at a time.
        package var workers = 1
        /// Lets in whoever runs the server; needed where other machines can reach it.
        package var token: AccessToken?
        /// What each job may take.
        package var jobLimits = WorkOrder.Limits()
        package var limits = ServiceLimits()
        /// Where films are that are drawn in place.
        package var folders: AllowedFolders
        /// The program that draws: this one.
        package var executable: URL
        /// Where jobs are drawn; nil: on this machine.
        package var cluster: WorkOrder.Cluster?

        package init(data: URL, address: ListenAddress, folders: AllowedFolders, executable: URL) {
            (self.data, self.address, self.folders, self.executable) = (data, address, folders, executable)
        }
    }

    private let lock: FileLock
    private let server: WebServer
    /// Where it listens.
    package var address: ListenAddress { server.address }

    /// Takes up the jobs that are there, and begins to listen and to draw.
    ///
    /// - Parameter ended: is called when it has ended, asked to or not.
    /// - Throws: `SakugaError` where the folder cannot be used, another server uses it, or the address cannot be listened on.
    package init(
        _ settings: Settings, presets: PresetLibrary = PresetLibrary(), ended: @escaping @Sendable () -> Void = {}
    ) throws {
        let folders = try JobFolders(settings.data, allowed: settings.folders)
        lock = try folders.lock()
        let store = try JobStore(JobStore.file(in: settings.data))
        try store.requeueInterrupted()
        folders.removeOrphans(keeping: try store.ids())
        let dispatcher = Dispatcher(
            store, folders, executable: settings.executable, workers: settings.workers, limits: settings.limits,
            jobLimits: settings.jobLimits, cluster: settings.cluster)
        let service = JobService(
            store, folders, dispatcher, presets: presets, limits: settings.limits)
        let pictures = service.pictures
        try ResumableUpload(service).finishAll()
        precondition(settings.token != nil || settings.address.isLoopback)
        let routes = Routes(
            service, RequestRules(settings.address, proxied: settings.names),
            Admission(UserStore(store), token: settings.token, rate: settings.limits.rate))
        server = try WebServer(
            settings.address, router: routes.router,
            services: [
                Sweep(store, folders, settings.limits), BlockingService(end: dispatcher.stop),
                BlockingService(end: pictures.stop),
            ], ended: ended)
        dispatcher.start()
    }

    /// Stops listening, ends the workers and puts their jobs back.
    package func stop() { server.stop() }
}
