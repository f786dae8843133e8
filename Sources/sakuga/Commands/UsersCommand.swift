import ArgumentParser
import Foundation
import Server
import Web

/// `sakuga users`: who may use the server.
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Says who may use sakuga serve.",
        discussion: """
            Each user has a token, which is shown once and of which only a hash is kept. Users see and change their own \
            jobs; admins see and change all. A server that runs takes changes up at once.

            EXAMPLES
              sakuga users add mia                  prints her token
              sakuga users add tom --admin
              sakuga users                          lists them
              sakuga users limit mia --quota 50000 --running 2
              sakuga users remove mia --data /srv/sakuga
            """,
        subcommands: [List.self, Add.self, Limit.self, Remove.self],
        defaultSubcommand: List.self
    )

    struct Folder: ParsableArguments {
        @Option(help: "The server's folder.")
        var data = ProcessInfo.processInfo.environment["SAKUGA_DATA"] ?? "sakuga-data"

        func users(isNew: Bool = false) throws -> UserStore {
            try UserStore(data: URL(fileURLWithPath: data, isDirectory: true), isNew: isNew)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the users.")

        @OptionGroup var folder: Folder

        func run() throws {
            for (user, limits) in try folder.users().list() {
                let own = [
                    limits.stored.map { "quota \($0 >> 20) MB" }, limits.waiting.map { "waiting \($0)" },
                    limits.running.map { "running \($0)" },
                ].compactMap { $0 }
                print(([user.name, user.role.rawValue] + own).joined(separator: "\t"))
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a user and prints their token.")

        @Argument(help: "The user's name: letters, digits and any of . _ - @")
        var name: String

        @Flag(help: "They may see and change the jobs of all.")
        var admin = false

        @OptionGroup var folder: Folder

        func run() throws {
            print(try folder.users(isNew: true).add(name, admin ? .admin : .user).text)
            TerminalScreen.standardError.write("note: the token is not shown again\n")
        }
    }

    struct Limit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a user limits of their own; what is not given is the server's.")

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "Megabytes of uploads and results; 0: no limit.")
        var quota: Int?

        @Option(help: "Jobs that may wait; 0: no limit.")
        var waiting: Int?

        @Option(help: "Jobs drawn at a time; 0: no limit.")
        var running: Int?

        @OptionGroup var folder: Folder

        func validate() throws {
            guard [quota, waiting, running].allSatisfy({ (0...(Int.max >> 20)).contains($0 ?? 0) }) else {
                throw ValidationError("Limits must be 0 or more.")
            }
        }

        func run() throws {
            let limits = UserLimits(stored: quota.map { $0 << 20 }, waiting: waiting, running: running)
            try folder.users().limit(name, limits)
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a user and cancels their waiting jobs; what is drawn stays, for admins.")

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var folder: Folder

        func run() throws {
            try folder.users().remove(name)
            print("removed \(name)")
        }
    }
}
