import IR
import Passes

/// A pass with an option of every kind.
struct Sample: Pass {
  enum Scope: String, CaseIterable, OptionValue { case tensor, global }

  static let name = "sample"
  static let summary = "Has options."
  static let details = "Does nothing."
  static let options: [PassOption<Self>] = [
    .init("count", \.count, in: 1...9, "an integer"),
    .init("fraction", \.fraction, in: 0...1, "an absent number"),
    .init("scope", \.scope, "a word"),
    .init("growth", \.growth, "a size"),
    .init("dry", \.dry, "a switch"),
    .init("include", \.include, "a list"),
  ]

  var count = 3
  var fraction: Double?
  var scope = Scope.tensor
  var growth = ByteCount.kibibytes(4)
  var dry = false
  var include: [Glob] = []

  func validate() throws(OptionError) {
    if dry && fraction != nil { throw OptionError("fraction makes no sense in a dry run") }
  }

  func run(on module: Module, _ context: PassContext) {}
}

/// Changes the module's target until it is `limit`, one a run.
struct Count: Pass {
  static let name = "count"
  static let summary = "Counts."
  static let details = "Raises the version of the domain `count` by one."
  static let options: [PassOption<Self>] = [.init("limit", \.limit, "where to stop")]

  var limit = 3

  func run(on module: Module, _ context: PassContext) {
    let value = module.target["count"] ?? 0
    guard value < limit else { return context.note("nothing to do: is at \(value)") }
    context.rewriter.setTarget(domain: "count", to: value + 1)
    context.count("steps")
  }
}

/// Fails always.
struct Fail: Pass {
  static let name = "fail"
  static let summary = "Fails."
  static let details = "Throws what a defect throws, or what a bad model throws."
  static let options: [PassOption<Self>] = [.init("innocent", \.isInnocent, "blame the model")]

  var isInnocent = false

  func run(on module: Module, _ context: PassContext) throws {
    throw ModelError(isInnocent ? .invalidModel : .internalFailure, "it failed")
  }
}

extension PipelineParser.Vocabulary {
  /// The passes of this file, and pipelines that use them.
  static let samples = PipelineParser.Vocabulary(
    passes: [Count.self, Fail.self, Sample.self],
    shipped: [
      ShippedPipeline("twice", Array("# Counts twice.\ncount,\n  count # and again\n".utf8)),
      ShippedPipeline("nested", Array("fixpoint(twice)".utf8)),
      ShippedPipeline("snake", Array("count, tail".utf8)),
      ShippedPipeline("tail", Array("repeat(snake)".utf8)),
    ])
}
