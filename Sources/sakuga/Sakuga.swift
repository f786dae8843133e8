import ArgumentParser

@main
struct Sakuga: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "sakuga", abstract: "Turns video into anime.")
}
