import IR
import Testing

@testable import Passes

/// A graph before and after canonicalization: what `arguments` are, a body that defines the outputs, and resources.
struct Simplification {
  let before: Module
  let after: Module
  let remarks: [String]
  private let context: PassContext

  /// - Parameter resources: names and types of constants that hold noise, used in the body as `%name`.
  init(
    _ arguments: String, _ body: String, outputs: [String] = ["y"], type: String = "f32",
    resources: [(String, [Int])] = [],
    target: Int = 17, numerics: Numerics = .rounding
  ) throws {
    let constants = resources.map { "%\($0.0) = constant #\($0.0) : f32\($0.1)" }.joined(separator: "\n")
    let contents = resources.enumerated().map { index, resource in
      "resource #\(resource.0) : f32\(resource.1) = seeded {seed = \(index + 1), low = -1}"
    }
    let results = outputs.map { "\($0): \(type)[*]" }.joined(separator: ", ")
    before = try Module.parse(
      """
      module "m" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = \(target)} {
        graph @main(\(arguments)) -> (\(results)) {
          \(constants)
          \(body)
          return \(outputs.map { "%\($0)" }.joined(separator: ", "))
        }
      }
      \(contents.joined(separator: "\n"))
      """)
    after = before.clone()
    context = try run(Canonicalize(), on: after, numerics: numerics)
    try run(DCE(), on: after)
    remarks = context.remarks.map(\.message)
  }

  /// The operations that are left, in order, constants not counted.
  var operations: [String] {
    after.main.operations.filter { !$0.isConstant && !$0.is(.return) }.map(\.definition.name.text)
  }

  /// Expects `names` to be left, a second run to change nothing, and the outputs to be the same up to `tolerance`.
  func expect(
    _ names: [String], tolerance: Double = 1e-6, runs: Bool = true, _ location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(operations == names, sourceLocation: location)
    try after.verify()
    #expect(try run(Canonicalize(), on: after).rewriter.mutationCount == 0, sourceLocation: location)
    guard runs else { return }
    let difference = try largestDifference(between: before, and: after)
    #expect(difference <= tolerance, sourceLocation: location)
  }

  /// Expects that nothing was changed, and `remark` somewhere in what was said.
  func expectUnchanged(saying remark: String = "", _ location: SourceLocation = #_sourceLocation) {
    #expect(context.rewriter.mutationCount == 0, sourceLocation: location)
    #expect(remark.isEmpty || remarks.contains { $0.contains(remark) }, "\(remarks)", sourceLocation: location)
  }
}
