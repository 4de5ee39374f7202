import Evaluator
import Frontend
import IR

/// What `mcc compare` was asked for.
package struct CompareInvocation: Sendable {
  /// The two models; the second is the reference.
  package var models: [ModelPath]
  package var inputFormat: InputFormat?
  /// Which of a SavedModel's signatures to read; `nil` for the usual one.
  package var signature: String?
  /// What to compute, by name; empty for all outputs.
  package var outputs: [String] = []
  package var threads = 1
  package var inputs = ModelInputs()
  package var tolerance = Tolerance()
  /// What is drawn where inputs are random.
  package var distributions: [RandomTensor.Distribution] = [.normal, .negative, .large]

  package init(models: [ModelPath]) {
    self.models = models
  }
}

/// Runs two models on the same inputs and tells how their outputs differ, and where the models part ways.
package final class Comparer {
  private let invocation: CompareInvocation
  private let console: Console

  package init(_ invocation: CompareInvocation, _ console: Console) {
    self.invocation = invocation
    self.console = console
  }

  /// - Returns: whether the models agree on all inputs.
  package func run() throws -> Bool {
    let modules = try invocation.models.map { model in
      do {
        return try Module.readRunnable(
          model,
          ImportOptions(
            format: invocation.inputFormat, threads: invocation.threads, signature: invocation.signature,
            outputs: invocation.outputs))
      } catch let error as ModelError {
        throw error.inFile(model.path)
      }
    }
    return try Self.agree(modules[0], modules[1], invocation, console, names: invocation.models.map(\.path))
  }

  /// Compares two modules; what differs is told to `console`, where there is one.
  static func agree(
    _ a: Module, _ b: Module, _ invocation: CompareInvocation, _ console: Console?, names: [String]
  ) throws -> Bool {
    guard a.main.outputs.count == b.main.outputs.count else {
      console?.output("\(a.main.outputs.count) outputs against \(b.main.outputs.count)\n")
      return false
    }
    FreedMemory.keep()
    let isRandom = invocation.inputs.sources.allSatisfy { if case .random = $0 { true } else { false } }
    var table = TextTable([.left, .left, .right, .right, .right, .right])
    table.add("inputs", "output", "max abs", "max rel", "SQNR", "cosine")
    var parting: String?
    for distribution in isRandom ? invocation.distributions : [.normal] {
      var inputs = invocation.inputs
      inputs.distribution = distribution
      let values = try inputs.values(for: b.main)
      let own = try matched(values, a.main, b.main)
      let threads = invocation.threads
      let results = (try run(a, own, names[0], threads), try run(b, values, names[1], threads))
      var agrees = true
      for (index, output) in b.main.outputs.enumerated() {
        let difference = try Difference(results.0[index], results.1[index], invocation.tolerance)
        agrees = agrees && difference.agrees
        table.add([isRandom ? distribution.rawValue : "given", output.name.text] + difference.cells)
      }
      if !agrees, parting == nil { parting = try whereTheyPart(a, own, b, values, invocation) }
      if !agrees, console == nil { return false }
    }
    console?.output(table.text)
    if let parting { console?.output(parting + "\n") }
    return parting == nil
  }

  private static func run(_ module: Module, _ inputs: [RuntimeValue?], _ name: String, _ threads: Int) throws
    -> [RuntimeValue?]
  {
    do {
      return try Interpreter.run(module, inputs, budget: .ofThisMachine(threads))
    } catch let error as ModelError {
      throw error.inFile(name)
    }
  }

  /// The inputs of `other` in the order of `graph`: by name, or by position where the names differ.
  private static func matched(_ values: [RuntimeValue?], _ graph: Graph, _ other: Graph) throws -> [RuntimeValue?] {
    let names = other.arguments.map(\.name)
    return try graph.arguments.enumerated().map { index, argument in
      if let place = names.firstIndex(of: argument.name) { return values[place] }
      guard argument.defaultLiteral == nil else { return nil }
      guard graph.arguments.count == names.count else {
        throw ModelError(.invalidModel, "input '\(argument.name)' is only one model's")
      }
      return values[index]
    }
  }

  /// Larger values are not kept to be compared.
  private static let largestKept = 64 << 20

  /// The first value of one name that differs.
  private static func whereTheyPart(
    _ a: Module, _ inputs: [RuntimeValue?], _ b: Module, _ others: [RuntimeValue?],
    _ invocation: CompareInvocation
  ) throws -> String {
    let budget = Evaluator.Budget.ofThisMachine(invocation.threads)
    var common: Set<ByteString> = []
    for operation in b.main.operations { common.formUnion(operation.presentResults.map(\.name)) }
    var kept: [ByteString: RuntimeValue] = [:]
    _ = try Interpreter.run(a, inputs, budget: budget) { value, result in
      if common.contains(value.name), result.byteCount <= largestKept { kept[value.name] = result }
    }
    var first: String?
    _ = try Interpreter.run(b, others, budget: budget) { value, result in
      guard first == nil, let mine = kept.removeValue(forKey: value.name),
        let difference = try? Difference(mine, result, invocation.tolerance), !difference.agrees
      else { return }
      first = "they part ways at '\(value.name)' (\(value.definingOperation?.place ?? "input")): \(difference.summary)"
    }
    return first ?? "no value of one name differs before the outputs do"
  }
}

extension Difference {
  /// What a person reads of it.
  var summary: String {
    if let mismatch { return mismatch }
    return "\(excess) elements differ, by up to \(largestAbsolute.shortened)"
  }

  /// The cells of a table: absolute, relative, SQNR, cosine.
  var cells: [String] {
    if let mismatch { return [mismatch] }
    let ratio = signalToNoise.isInfinite && largestAbsolute == 0 ? "equal" : "\(signalToNoise.rounded(digits: 1)) dB"
    return [largestAbsolute.shortened, largestRelative.shortened, ratio, cosine.rounded(digits: 6)]
  }
}

extension Double {
  /// Three digits and an exponent: `1.19e-7`.
  var shortened: String {
    guard isFinite, self != 0 else { return "\(self == 0 ? "0" : "\(self)")" }
    let exponent = Int(Evaluator.log10(magnitude).rounded(.down))
    guard exponent < -2 || exponent > 3 else { return rounded(digits: 3) }
    var scaled = self
    for _ in 0..<abs(exponent) { scaled = exponent < 0 ? scaled * 10 : scaled / 10 }
    return "\(scaled.rounded(digits: 2))e\(exponent)"
  }
}
