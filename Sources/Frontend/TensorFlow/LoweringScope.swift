import IR

/// One graph while it is lowered: the main graph, or a function at one place where it is called.
final class LoweringScope {
  let body: GraphBody
  let builder: GraphBuilder
  /// How many calls this one is inside of.
  let depth: Int
  /// What the function's arguments are.
  private let arguments: [Argument]
  /// The functions that nodes call, at these places.
  var calls: [ByteString: LoweringScope] = [:]
  /// What was lowered; the values of a node that makes several, in order.
  var values: [ByteString: [TensorFlowValue]] = [:]
  var pending: Set<ByteString> = []
  /// What came of the states of loops of TensorFlow 1, by the names of their frames.
  var loops: [ByteString: [TensorFlowValue]] = [:]
  /// The inputs that Merges hand on; `nil` inside for those that hand on now this one, now that.
  var choices: [ByteString: Int?] = [:]

  enum Argument {
    /// What a tensor of the calling graph is, lowered where it is needed.
    case tensor(ByteString, LoweringScope)
    case value(TensorFlowValue)
  }

  init(_ body: GraphBody, _ builder: GraphBuilder, arguments: [Argument] = [], depth: Int = 0) {
    self.body = body
    self.builder = builder
    self.arguments = arguments
    self.depth = depth
  }

  /// - Throws: `ModelError` where the call gives fewer arguments than the function takes.
  func argument(_ index: Int) throws -> Argument {
    guard arguments.indices.contains(index) else {
      throw ModelError(
        .invalidModel, "a function of \(body.arguments.count) arguments is called with \(arguments.count)")
    }
    return arguments[index]
  }
}
