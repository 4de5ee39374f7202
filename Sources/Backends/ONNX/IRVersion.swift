import Formats
import IR

/// ONNX's IR versions: what a file must say so that readers know its features.
enum IRVersion {
  /// From here on initializers need not be inputs, and those that are can be overridden.
  static let freeInitializers = 4

  /// The first IR version of a release of ONNX that has the opset, newest first.
  private static let byOpset: [(opset: Int, version: Int)] = [
    (28, 14), (25, 13), (24, 12), (23, 11), (21, 10), (19, 9), (15, 8), (12, 7), (11, 6), (10, 5), (9, 4), (1, 3),
  ]

  /// The first IR version of a release of ONNX that has opset `opset` of the default domain.
  static func releasing(opset: Int) -> Int {
    byOpset.first { $0.opset <= opset }?.version ?? freeInitializers
  }

  /// The version to write: the source's own, raised to what the target needs where that is newer than what the source
  /// was written in.
  static func version(for module: Module) -> Int {
    let released = releasing(opset: module.target[""] ?? 1)
    let annotations = module.annotations
    guard let source = annotations?.integer(ONNXProperty.irVersion) else { return max(released, freeInitializers) }
    var version = Int(source)
    if let opset = annotations?.integer(ONNXProperty.sourceOpset), module.target[""] ?? 1 > opset {
      version = max(version, released)
    }
    let hasDefaults = module.main.arguments.contains { $0.defaultLiteral != nil }
    return hasDefaults ? max(version, freeInitializers) : version
  }
}
