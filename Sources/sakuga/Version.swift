/// Sakuga's own version, after semantic versioning.
enum Version {
    static let current = "0.1.0"
}
