/// Where the time of one stage went.
package struct StageTiming: Sendable, Equatable {
    package var name: String
    /// Threads that run the stage's body.
    package var workers: Int
    /// Elements that the stage has produced (a sink: consumed).
    package var items = 0
    /// Wall time inside the body, summed over workers.
    package var busy = Duration.zero
    /// Processor time of the stage's own threads. Work that a library does on threads of its own is not in it.
    package var processor = Duration.zero
    /// Wall time waiting for input, summed over workers.
    package var starved = Duration.zero
    /// Wall time waiting for room downstream, summed over workers.
    package var blocked = Duration.zero

    package init(name: String, workers: Int) {
        self.name = name
        self.workers = workers
    }

    /// Milliseconds that one element spends in the body, on average; 0 before the first.
    package var millisecondsPerItem: Double { items > 0 ? busy.milliseconds / Double(items) : 0 }
    /// Milliseconds of processor time of the stage's own threads for one element, on average; 0 before the first.
    package var processorMillisecondsPerItem: Double { items > 0 ? processor.milliseconds / Double(items) : 0 }
}

/// Where the time of a run went.
package struct StageTimings: Sendable, Equatable {
    /// In the order in which the stages were added.
    package var stages: [StageTiming]
    /// From the making of the chain to the end of its last stage, or to now.
    package var wall: Duration
    /// Processor time of the whole process over that span, library threads included.
    package var processor: Duration

    package init(stages: [StageTiming], wall: Duration, processor: Duration) {
        self.stages = stages
        self.wall = wall
        self.processor = processor
    }

    /// How many cores were busy on average.
    package var coresBusy: Double { wall > .zero ? processor / wall : 0 }

    package subscript(name: String) -> StageTiming? { stages.first { $0.name == name } }
}

extension Duration {
    package var seconds: Double { self / .seconds(1) }
    package var milliseconds: Double { self / .milliseconds(1) }
}
