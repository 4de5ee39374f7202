// swift-tools-version: 6.1

import PackageDescription

/// Every target of ours: Swift 6 mode, warnings are errors, existentials spelled out.
let strict: [SwiftSetting] = [
  .unsafeFlags(["-warnings-as-errors"]),
  .enableUpcomingFeature("ExistentialAny"),
  // Debug builds, which the tests run, look for overlapping accesses; looking again in a release costs an eighth of its time.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
  name: "mcc",
  products: [.executable(name: "mcc", targets: ["mcc"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CModelProtos", linkerSettings: [.linkedLibrary("protobuf-c")]),
    .target(name: "CStartup"),
    .target(name: "CTile"),
    .target(name: "CMagnitudes"),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CZstd"),
    .systemLibrary(name: "CXXHash"),
    .systemLibrary(name: "CLinux"),
    .target(name: "IR", dependencies: ["CXXHash"], swiftSettings: strict),
    .target(name: "Formats", dependencies: ["IR", "CModelProtos", "CZlib", "CZstd", "CXXHash"], swiftSettings: strict),
    .target(name: "Evaluator", dependencies: ["IR", "CTile"], swiftSettings: strict),
    .target(
      name: "Passes",
      dependencies: ["IR", "Evaluator", "CMagnitudes", "CXXHash"],
      resources: [.embedInCode("Pipelines")],
      swiftSettings: strict),
    .target(name: "Frontend", dependencies: ["IR", "Formats", "CModelProtos"], swiftSettings: strict),
    .target(name: "Backends", dependencies: ["IR", "Formats", "CModelProtos", "CLinux"], swiftSettings: strict),
    .target(
      name: "Driver",
      dependencies: ["IR", "Formats", "Evaluator", "Passes", "Frontend", "Backends", "CLinux"],
      swiftSettings: strict),
    .executableTarget(
      name: "mcc",
      dependencies: ["CStartup", "Driver", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),
    .testTarget(name: "FormatsTests", dependencies: ["IR", "Formats"], swiftSettings: strict),
    .testTarget(name: "IRTests", dependencies: ["IR"], swiftSettings: strict),
    .testTarget(name: "BackendsTests", dependencies: ["IR", "Formats", "Frontend", "Backends"], swiftSettings: strict),
    .testTarget(name: "FrontendTests", dependencies: ["IR", "Frontend"], swiftSettings: strict),
    .testTarget(name: "PassTests", dependencies: ["CMagnitudes", "Passes"], swiftSettings: strict),
    .testTarget(name: "EvaluatorTests", dependencies: ["Evaluator"], swiftSettings: strict),
    // Runs the program itself, which the dependency builds beside the tests.
    .testTarget(name: "GoldenTests", dependencies: ["mcc", "CLinux"], swiftSettings: strict),
    .testTarget(name: "DriverTests", dependencies: ["Driver"], swiftSettings: strict),
  ]
)
