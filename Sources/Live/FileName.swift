internal import Foundation

/// Names of the files that are made at a key press, in the current folder.
package enum FileName {
    /// `sakuga-2026-11-25-10-41-07.mkv`, in local time; another one for another call in the same second where the first is
    /// there by then.
    package static func now(extension ending: String) -> String {
        let fields = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: .now)
        let numbers = [fields.month, fields.day, fields.hour, fields.minute, fields.second]
        let name = numbers.reduce("sakuga-\(fields.year ?? 0)") { $0 + String(format: "-%02d", $1 ?? 0) }
        let free = (1...).lazy.map { $0 == 1 ? name : "\(name)-\($0)" }.first {
            !FileManager.default.fileExists(atPath: "\($0).\(ending)")
        }
        return "\(free ?? name).\(ending)"
    }
}
