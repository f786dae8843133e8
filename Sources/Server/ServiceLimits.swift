/// What the service lends to those who use it. 0 stands for no limit; limits of users do not hold for admins.
package struct ServiceLimits: Sendable {
    /// Bytes of the largest upload.
    package var largestUpload = 16 << 30
    /// Jobs of one user drawn at a time.
    package var runningPerUser = 0
    /// Jobs of one user that wait.
    package var waitingPerUser = 100
    /// Bytes of one user's uploads and results.
    package var storedPerUser = 0
    /// Bytes of all uploads and results.
    package var stored = 0
    /// Bytes of the disk that stay free.
    package var freeDisk = 1 << 30
    /// Seconds of one attempt at a job.
    package var attempt = 86_400.0
    /// Seconds for which a job that is over is kept.
    package var keep = 14 * 86_400.0
    /// Seconds for which an upload is kept to which nothing is sent, and a held job that nobody starts.
    package var abandoned = 86_400.0

    /// Requests per second from one user, or from one address without a token; four times as many at once.
    package var rate = 50.0

    package init() {}
}
