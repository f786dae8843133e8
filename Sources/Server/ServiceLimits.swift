/// What the service lends to those who use it. 0 stands for no limit; limits of users do not hold for admins.
package struct ServiceLimits: Sendable {
    /// Bytes of the largest upload.
    package var largestUpload = 16 << 30
    /// Jobs of one user drawn at a time.
    package var runningPerUser = 0
    /// Jobs of one user that wait.
    package var waitingPerUser = 100

    package init() {}
}
