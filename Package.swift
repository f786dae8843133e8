// swift-tools-version: 6.2
import Foundation
import PackageDescription

// OpenVINO lives in .deps (put there by `make deps`). SwiftPM drops -rpath from .pc files, so the run-time
// search path is given here: the folder beside an installed binary first, then the checkout.
let openvinoLibraries = Context.packageDirectory + "/.deps/openvino/lib"
let openvinoRunPath: [LinkerSetting] = [
    .unsafeFlags([
        "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/sakuga",
        "-Xlinker", "-rpath", "-Xlinker", openvinoLibraries,
    ])
]
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let support: Target.Dependency = "Support"

let package = Package(
    name: "sakuga",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "sakuga", targets: ["sakuga"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // Layer 0: C at the door, one module each.
        .systemLibrary(name: "CSDL"),
        .systemLibrary(name: "CFFmpeg", pkgConfig: "libavformat"),
        .systemLibrary(name: "COpenVINO", pkgConfig: "openvino-c-local"),
        .target(
            name: "CFlow",
            cxxSettings: [.unsafeFlags(["-isystem", "/usr/include/opencv4", "-O3"])],
            linkerSettings: [
                .linkedLibrary("opencv_video"), .linkedLibrary("opencv_imgproc"), .linkedLibrary("opencv_core"),
            ]
        ),
        .target(name: "CPixels", cSettings: [.unsafeFlags(["-O3"])]),
        // Only the interface: `make training` builds ctorch.cpp, which training opens at run time.
        .target(name: "CTorch", exclude: ["ctorch.cpp"]),
        // Layer 1
        .target(name: "Frames", swiftSettings: settings),
        .target(name: "Model", dependencies: ["Frames"], swiftSettings: settings),
        // Layer 2
        .target(name: "Media", dependencies: ["Frames", "CFFmpeg", "CPixels"], swiftSettings: settings),
        .target(
            name: "Inference", dependencies: ["Frames", "Model", "COpenVINO", "CPixels"],
            swiftSettings: settings, linkerSettings: openvinoRunPath
        ),
        .target(name: "Temporal", dependencies: ["Frames", "CFlow", "CPixels"], swiftSettings: settings),
        .target(name: "StyleMetrics", dependencies: ["Frames", "Model", "CPixels"], swiftSettings: settings),
        .target(name: "Training", dependencies: ["Frames", "Model", "CTorch", "CFlow"], swiftSettings: settings),
        // Layer 3
        .target(name: "Pipeline", dependencies: ["Frames"], swiftSettings: settings),
        // Layer 4
        .target(
            name: "Stylize",
            dependencies: ["Frames", "Model", "Media", "Inference", "Temporal", "StyleMetrics", "Pipeline"],
            swiftSettings: settings
        ),
        .target(
            name: "Web",
            dependencies: [
                "Frames", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(name: "Work", dependencies: ["Frames", "Pipeline"], swiftSettings: settings),
        // Layer 5
        .target(
            name: "Live",
            dependencies: [
                "Stylize", "Web", "Frames", "Model", "Media", "Temporal", "CSDL",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Page/page.html")], swiftSettings: settings),
        .target(
            name: "Server",
            dependencies: [
                "Stylize", "Web", "Work", "Frames", "Model", "Media", "Inference", "Temporal", "Pipeline",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.embedInCode("Page/page.html"), .embedInCode("openapi.json")], swiftSettings: settings),
        .target(
            name: "Batch",
            dependencies: ["Stylize", "Work", "Frames", "Model", "Media", "Inference", "Temporal", "Pipeline"],
            swiftSettings: settings),
        // Layer 6: the command
        .executableTarget(
            name: "sakuga",
            dependencies: [
                "Live", "Server", "Batch", "Work", "Web", "Stylize", "Frames", "Model", "Media", "Inference",
                "Temporal",
                "StyleMetrics",
                "Training", "Pipeline",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        // Tests mirror Sources.
        .target(name: "Support", dependencies: ["Frames", "Model"], path: "Tests/Support", swiftSettings: settings),
        .testTarget(name: "FramesTests", dependencies: ["Frames", support], swiftSettings: settings),
        .testTarget(name: "ModelTests", dependencies: ["Model", "Frames", support], swiftSettings: settings),
        .testTarget(name: "MediaTests", dependencies: ["Media", "Frames", support], swiftSettings: settings),
        .testTarget(
            name: "InferenceTests", dependencies: ["Inference", "Model", "Frames", support], swiftSettings: settings),
        .testTarget(
            name: "TemporalTests", dependencies: ["Temporal", "Frames", support], swiftSettings: settings),
        .testTarget(
            name: "TrainingTests", dependencies: ["Training", "Stylize", "Inference", "Model", "Frames", support],
            swiftSettings: settings),
        .testTarget(
            name: "StyleMetricsTests", dependencies: ["StyleMetrics", "Frames", "Model", support],
            swiftSettings: settings),
        .testTarget(name: "PipelineTests", dependencies: ["Pipeline", "Frames", support], swiftSettings: settings),
        .testTarget(
            name: "StylizeTests",
            dependencies: ["Stylize", "Media", "Inference", "Model", "StyleMetrics", "Pipeline", "Frames", support],
            swiftSettings: settings),
        .testTarget(name: "WebTests", dependencies: ["Web", "Frames"], swiftSettings: settings),
        .testTarget(
            name: "LiveTests", dependencies: ["Live", "Stylize", "Inference", "Media", "Model", "Temporal", "Frames"],
            swiftSettings: settings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Web", "Work", "Stylize", "Model", .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandTests", dependencies: ["sakuga", "Model", "Frames", support], swiftSettings: settings),
    ]
)
