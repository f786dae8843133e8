internal import CTorch
internal import Foundation
internal import Frames
internal import Glibc

/// libtorch, opened at run time from the library that `make training` builds. Nothing else in Sakuga needs it.
///
/// Wraps the table of `CTorch.h`. Seeds and threads belong to the process; recording of gradients and autocast belong to
/// the thread that calls, and training uses one thread.
package final class Torch: @unchecked Sendable {
    // @unchecked Sendable: the table is a constant of the opened library, which is never closed.

    /// Where tensors live and operators run.
    package enum Device: String, Sendable, CaseIterable {
        case cpu, cuda

        var code: Int32 { self == .cpu ? Int32(ctorch_cpu.rawValue) : Int32(ctorch_cuda.rawValue) }
    }

    package static let libraryName = "libsakuga-torch.so"
    let functions: ctorch_functions
    package let device: Device

    /// Opens the library.
    ///
    /// - Parameter path: the library; nil looks in `SAKUGA_TORCH`, beside the program, in `../lib/sakuga` from there, and
    ///   in `.deps/training` of the current folder and of the checkout that the program was built in.
    /// - Throws: `.unavailable`, saying how to get it, or that there is no CUDA device.
    package init(path: String? = nil, device: Device = .cpu) throws {
        let file = try path ?? Self.find()
        guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
            throw SakugaError(
                .unavailable, "cannot open '\(file)': \(String(cString: dlerror()))", hint: Self.remedy)
        }
        guard let symbol = dlsym(handle, "ctorch_open"),
            let table = unsafeBitCast(symbol, to: ctorch_open_function.self)(),
            table.pointee.version == Int32(ctorch_version)
        else {
            throw SakugaError(
                .unavailable, "'\(file)' belongs to another version of Sakuga",
                hint: "run `make training` again")
        }
        functions = table.pointee
        self.device = device
        if device == .cuda, functions.cuda_device_count() == 0 {
            throw SakugaError(
                .unavailable, "this libtorch (\(version)) finds no CUDA device",
                hint: "train with --device cpu, or build against a CUDA libtorch: TORCH_DIR=… make training")
        }
    }

    package var version: String { String(cString: functions.torch_version()) }

    /// Whether the device has instructions for bfloat16; on a processor without them, a convolution took
    /// 36 times as long as in float32.
    package var hasBFloat16: Bool { functions.has_bfloat16(device.code) != 0 }

    package func setThreads(_ count: Int) { functions.set_threads(Int32(count)) }

    /// Seeds what `TorchTensor.uniform` and `.normal` draw from.
    func seed(_ value: UInt64) throws { try check(functions.seed(value), "cannot seed") }

    /// Runs `body` without recording operations for `backward`.
    func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = functions.record_gradients(0)
        defer { _ = functions.record_gradients(before) }
        return try body()
    }

    /// Runs `body` in bfloat16 where operators allow it.
    func withAutocast<Result>(_ enabled: Bool = true, _ body: () throws -> Result) throws -> Result {
        guard enabled else { return try body() }
        try check(functions.autocast(device.code, 1), "cannot turn on bfloat16")
        defer { _ = functions.autocast(device.code, 0) }
        return try body()
    }

    func check(_ code: Int32, _ failure: String) throws {
        guard code != 0 else { return }
        throw error(failure)
    }

    func error(_ failure: String) -> SakugaError {
        let words = String(cString: functions.last_error())
        let isMemory = words.contains("out of memory") || words.contains("not enough memory") || words.contains("alloc")
        return SakugaError(
            isMemory ? .unavailable : .software, "\(failure): \(words) (libtorch)",
            hint: isMemory ? "choose a smaller --batch or --crop" : nil)
    }

    func check(_ made: OpaquePointer?, _ failure: @autoclosure () -> String) throws -> TorchTensor {
        guard let made else { throw error(failure()) }
        return TorchTensor(made, of: self)
    }

    private static let remedy = "run `make training` in a checkout of Sakuga, which builds it against libtorch"

    private static func find() throws -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        var candidates = [program, program.appendingPathComponent("../lib/sakuga")]
        candidates += [".deps/training", "../../../.deps/training", "../../.deps/training"].map {
            $0.hasPrefix("..") ? program.appendingPathComponent($0) : URL(fileURLWithPath: $0)
        }
        var files = candidates.map { $0.appendingPathComponent(libraryName).path }
        if let named = ProcessInfo.processInfo.environment["SAKUGA_TORCH"] { files = [named] }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw SakugaError(.unavailable, "training needs \(libraryName), which is not there", hint: remedy)
        }
        return file
    }
}
