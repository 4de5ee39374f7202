import Evaluator
import IR

/// Evaluates operations whose operands are constant.
///
///     %a = constant [2, 3] : i64[2]
///     %n = ReduceProd(%a) : i64[1]
///     %s = Shape(%x) : i64[3]                  with %x : f32[1, 3, 8]
///   ->
///     %n = constant [6] : i64[1]
///     %s = constant [1, 3, 8] : i64[3]
///
/// An operation is also folded where its results are known without its operands: the shape of a tensor whose dimensions
/// are known, and what is computed from it. Skipped: random operators, encoded constants (a DequantizeLinear stays, so
/// that a quantized weight stays small), arguments that have a default. Where the constant would make the model larger
/// than `growth` allows, the operation stays, but what is computed from it may still be folded: a constant may cost as
/// much for each operation that goes with it. Exact for operators that move elements, for integers and for correctly
/// rounded arithmetic; others are `rounding`.
struct Fold: Pass {
  static let name = "fold"
  static let summary = "evaluates operations whose operands are constant"
  static let details = """
    Also operations whose results follow from shapes that are known. A constant may be larger than those that it replaces \
    by `growth` for each operation that goes, and the whole model grows by at most 64 KiB or 1 %. Encoded constants stay \
    encoded, random operators stay. Evaluation does not depend on the machine.
    """
  static let options: [PassOption<Self>] = [
    .init("growth", \.growth, "how much larger a constant may be than the constants that it replaces, an operation")
  ]

  var growth = ByteCount.kibibytes(4)

  func run(on module: Module, _ context: PassContext) throws {
    var folding = Folding(module, growth: growth.bytes, context)
    for body in module.bodies { try folding.fold(body) }
    context.count("operations folded", folding.foldedCount)
    if folding.foldedCount == 0 { context.note("nothing to fold: no operation has constant operands") }
  }
}

/// One walk over a module in the order of its operations.
private struct Folding {
  private let context: PassContext
  /// What one constant may add to the model's bytes, for each operation that goes.
  private let growth: Int
  /// What all constants together may still add.
  private var growthLeft: Int
  private let work = Evaluator.Work()
  /// Results that are known, but too large to be written: what is computed from them may be small again.
  private var unwritten: [Value: TensorLiteral] = [:]
  private var unwrittenBytes = 0
  /// How many operations go once nothing needs such a result any more.
  private var waiting: [Value: Int] = [:]
  private(set) var foldedCount = 0

  /// Results up to this size are evaluated even if they cannot be written, and these in all.
  private static let largestUnwritten = 1 << 20
  private static let allUnwritten = 32 << 20
  /// More operations earn no more bytes.
  private static let mostFreed = 64

  init(_ module: Module, growth: Int, _ context: PassContext) {
    self.context = context
    self.growth = growth
    var total = 0
    var spent = 0
    module.forEachOperation { operation in
      guard let bytes = operation.literal?.byteCount else { return }
      total = total.addingReportingOverflow(bytes).partialValue
      if operation.location.passes.contains(Fold.name) { spent += min(bytes, growth) }
    }
    growthLeft = max(max(64 << 10, growth, total / 100) - spent, 0)
  }

  mutating func fold(_ graph: Graph) throws {
    for operation in graph.operations {
      for region in operation.regions { try fold(region.graph) }
      guard operation.mayBeFolded, context.mayRewrite else { continue }
      do {
        try refineTypes(of: operation)
        if try foldKnownResults(of: operation) { continue }
        try evaluate(operation)
      } catch let refusal as Refusal {
        context.missed("not folded: \(refusal)", at: operation)
      }
    }
  }

  /// Takes in what constants that were just made tell of the results. An operation that is certainly wrong, in a branch
  /// that never runs perhaps, is left alone.
  private func refineTypes(of operation: Operation) throws {
    guard operation.mayInferMore || !operation.regions.isEmpty else { return }
    do {
      try operation.inferTypes()
    } catch {
      throw Refusal(.undefined, "\(error)")
    }
  }

  /// Replaces the results whose elements inference knows; whether it was all of them.
  private mutating func foldKnownResults(of operation: Operation) throws -> Bool {
    for case let result? in operation.results where result.hasUses {
      guard let literal = result.knownLiteral, literal.byteCount <= growthLeft else { continue }
      growthLeft -= literal.byteCount
      try write([(result, literal)], instead: operation)
    }
    guard !operation.hasUsedResults else { return false }
    context.rewriter.erase(operation)
    return true
  }

  private mutating func evaluate(_ operation: Operation) throws {
    var operands: [TensorLiteral?] = []
    for operand in operation.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      guard let literal = known(operand) else { return }
      operands.append(literal)
    }
    if Evaluator.exactness(of: operation, operands: operands) == .rounding, context.numerics < .rounding {
      throw Refusal(.unsupported, "implementations round it differently, which numerics=exact rules out")
    }
    let freed = bytesFreed(byErasing: operation)
    let going = operationsFreed(byErasing: operation)
    let (earned, overflow) = growth.multipliedReportingOverflow(by: going)
    let allowed = freed + (overflow ? growthLeft : min(earned, growthLeft))
    let budget = Evaluator.Budget(resultBytes: max(allowed, Self.largestUnwritten), work: work)
    guard let results = try results(of: operation, operands, budget) else { return }
    let used = zip(operation.results, results).compactMap { result, literal -> (Value, TensorLiteral)? in
      guard let result, let literal, result.hasUses else { return nil }
      return (result, literal)
    }
    guard used.allSatisfy({ $0.type.isCompatible(with: .tensor($1.type)) }) else {
      throw Refusal(.undefined, "the result is not of the type that the model declares")
    }
    let bytes = used.reduce(0) { $0 + $1.1.byteCount }
    guard bytes <= allowed else {
      remember(used, bytes: bytes, going: going)
      throw Refusal(.overBudget, "the constant would have \(bytes) bytes, fold may add \(allowed)")
    }
    growthLeft -= max(bytes - freed, 0)
    try write(used, instead: operation)
    context.rewriter.erase(operation)
  }

  /// The results for these operands; `nil` where a region uses something around that is not known.
  private func results(
    of operation: Operation, _ operands: [TensorLiteral?], _ budget: Evaluator.Budget
  ) throws -> [TensorLiteral?]? {
    guard !operation.regions.isEmpty else {
      return try Evaluator.evaluate(operation, operands: operands, budget: budget)
    }
    let values = operands.map { $0.map { RuntimeValue.tensor($0) } }
    guard operation.capturedValues.allSatisfy({ known($0) != nil }) else { return nil }
    let interpreter = Interpreter(nil, budget: budget, isExact: context.numerics < .rounding) { value in
      known(value).map { .tensor($0) }
    }
    return try interpreter.runRegions(of: operation, values).map { result in
      guard case .tensor(let literal)? = result else { throw Refusal(.unsupported, "a result is no tensor") }
      return literal
    }
  }

  private func known(_ value: Value) -> TensorLiteral? { value.constantLiteral ?? unwritten[value] }

  private mutating func write(_ results: [(Value, TensorLiteral)], instead operation: Operation) throws {
    let place = OperationPlace(operation)
    for (result, literal) in results {
      let constant = try context.rewriter.insertConstant(literal, name: result.name, before: operation)
      try context.rewriter.replace(result, with: constant, takingName: true)
    }
    context.applied("folded", at: place.description)
    foldedCount += 1
  }

  private mutating func remember(_ results: [(Value, TensorLiteral)], bytes: Int, going: Int) {
    guard bytes <= Self.largestUnwritten, unwrittenBytes + bytes <= Self.allUnwritten else { return }
    unwrittenBytes += bytes
    for (result, literal) in results {
      unwritten[result] = literal
      waiting[result] = going
    }
  }

  /// How many operations go with `operation`, itself included: those that could not be folded and that it alone needs.
  private func operationsFreed(byErasing operation: Operation) -> Int {
    var seen: Set<Value> = []
    return operation.operands.reduce(1) { sum, operand in
      guard let operand, let going = waiting[operand], seen.insert(operand).inserted,
        operand.uses.allSatisfy({ $0.owner === operation })
      else { return sum }
      return min(sum + going, Self.mostFreed)
    }
  }

  /// The bytes of the constants that `operation` alone uses.
  private func bytesFreed(byErasing operation: Operation) -> Int {
    var seen: Set<Value> = []
    return operation.operands.reduce(0) { sum, operand in
      guard let operand, seen.insert(operand).inserted, operand.uses.allSatisfy({ $0.owner === operation }) else {
        return sum
      }
      return sum + (operand.literal?.byteCount ?? 0)
    }
  }
}

extension Operation {
  /// Whether the operator allows it: the same results always, no effects, and nothing that is encoded on purpose.
  fileprivate var mayBeFolded: Bool {
    has(.pure) && !has(.random) && !has(.encodedConstant) && !has(.terminator) && !isConstant && hasUsedResults
      && regions.allSatisfy { $0.graph.operations.allSatisfy { $0.mayRunInRegion } }
  }

  /// Whether a region that is folded may hold it.
  private var mayRunInRegion: Bool {
    (isConstant || has(.terminator) || has(.pure)) && !has(.random)
      && regions.allSatisfy { $0.graph.operations.allSatisfy { $0.mayRunInRegion } }
  }

  /// The values of graphs around that its regions use.
  fileprivate var capturedValues: [Value] {
    var captured: [Value] = []
    for region in regions {
      region.graph.forEachGraph { graph in
        for operation in graph.operations {
          for case let value? in operation.operands {
            guard let parent = value.parent, !region.graph.encloses(parent) else { continue }
            captured.append(value)
          }
        }
      }
    }
    return captured
  }
}
