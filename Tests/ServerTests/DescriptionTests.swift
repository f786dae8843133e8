import Foundation
import Hummingbird
import Model
import Testing
import Web

@testable import Server

@Suite("Description of the interface")
struct DescriptionTests {
    @Test("openapi.json has the routes that the server has, no more and no fewer")
    func routes() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        let store = try JobStore(folder.appendingPathComponent("jobs.sqlite"))
        let dispatcher = Dispatcher(
            store, folders, executable: folder, workers: 1, limits: ServiceLimits(), jobLimits: WorkOrder.Limits())
        let service = JobService(store, folders, dispatcher, presets: PresetLibrary(), limits: ServiceLimits())
        let rules = RequestRules(ListenAddress(host: "127.0.0.1", port: 1))
        let admission = Admission(UserStore(store), token: nil, rate: 0)
        let served = Routes(service, rules, admission).router.routes.map {
            "\($0.method.rawValue.lowercased()) \($0.path)"
        }

        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Server/openapi.json")
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        let paths = document?["paths"] as? [String: [String: Any]] ?? [:]
        let described = paths.flatMap { path, methods in
            methods.keys.map { "\($0) \(path.replacing(#/\{(\w+)\}/#) { ":\($0.1)" })" }
        }
        func plain(_ routes: [String]) -> [String] {
            routes.map { $0.replacing(#/\{(\w+)\}/#) { ":\($0.1)" } }.sorted()
        }
        #expect(plain(served) == plain(described))
    }
}
