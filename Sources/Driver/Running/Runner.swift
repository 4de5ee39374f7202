import Backends
import Evaluator
import Formats
import Frontend
import Glibc
import IR

/// What `mcc run` was asked for.
package struct RunInvocation: Sendable {
  package var model: ModelPath
  package var inputFormat: InputFormat?
  /// Which of a SavedModel's signatures to read; `nil` for the usual one.
  package var signature: String?
  /// What to compute, by name; empty for all outputs.
  package var outputs: [String] = []
  package var threads = 1
  package var inputs = ModelInputs()
  /// The folder that the outputs go to; `nil` writes none.
  package var outputFolder: String?
  package var tolerance = Tolerance()
  /// How many times to run it.
  package var repetitions = 1

  package init(_ model: ModelPath) {
    self.model = model
  }
}

/// Runs a model, tells how long it took and what came out, and compares that with what test data expects.
package final class Runner {
  private let invocation: RunInvocation
  private let console: Console

  package init(_ invocation: RunInvocation, _ console: Console) {
    self.invocation = invocation
    self.console = console
  }

  /// - Returns: whether all outputs are as expected, where something is.
  package func run() throws -> Bool {
    do {
      let module = try Module.readRunnable(
        invocation.model,
        ImportOptions(
          format: invocation.inputFormat, threads: invocation.threads, signature: invocation.signature,
          outputs: invocation.outputs))
      let inputs = try invocation.inputs.values(for: module.main)
      FreedMemory.keep()
      var outputs: [RuntimeValue?] = []
      var times = RunTimes()
      for _ in 0..<invocation.repetitions {
        try times.measure {
          outputs = try Interpreter.run(module, inputs, budget: .ofThisMachine(invocation.threads))
        }
      }
      tell(module.main, outputs)
      console.error("ran in \(times)\n")
      try write(outputs, module.main)
      return try meetExpectations(outputs, module.main)
    } catch let error as ModelError {
      throw error.inFile(invocation.model.path)
    }
  }

  private func tell(_ graph: Graph, _ outputs: [RuntimeValue?]) {
    var table = TextTable([.left, .left])
    for (output, value) in zip(graph.outputs, outputs) {
      table.add(output.name.text, value?.summary ?? "nothing")
    }
    console.output(table.text)
  }

  private func write(_ outputs: [RuntimeValue?], _ graph: Graph) throws {
    guard let folder = invocation.outputFolder else { return }
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw ModelError.system(errno, opening: folder) }
    for (output, value) in zip(graph.outputs, outputs) {
      guard let value else { continue }
      try write(value, "\(folder)/\(output.name.fileName)", output.name.text)
    }
  }

  /// As `.npy` where NumPy has the elements, as a TensorProto otherwise; a sequence as one file an element.
  private func write(_ value: RuntimeValue, _ path: String, _ name: String) throws {
    switch value {
    case .optional(let value): if let value { try write(value, path, name) }
    case .sequence(let elements):
      for (index, element) in elements.enumerated() { try write(element, "\(path)_\(index)", "\(name)_\(index)") }
    case .map: throw ModelError(.cannotCreate, "output '\(name)' is a map, which is not written")
    case .tensor(let literal):
      let header = NumPyArray.header(for: literal)
      let start = try header ?? ValueMessage.tensor(literal, name: name)
      try OutputFile.write(to: .file(path + (header == nil ? ".pb" : ".npy")), synchronizes: false) { file in
        try start.withUnsafeBytes { try file.write($0, at: 0) }
        guard header != nil else { return }
        try literal.withWindow(0..<literal.elementCount) { try file.write($0, at: start.count) }
      }
    }
  }

  private func meetExpectations(_ outputs: [RuntimeValue?], _ graph: Graph) throws -> Bool {
    var agrees = true
    for case .file(_, let path) in invocation.inputs.sources where TestData.isFolder(path) {
      let expected = try TestData(path).outputs(of: graph)
      for (index, wanted) in expected.enumerated() {
        guard let wanted else { continue }
        let difference = try Difference(outputs[index], wanted, invocation.tolerance)
        if difference.agrees { continue }
        agrees = false
        console.error("output '\(graph.outputs[index].name)' is not as expected: \(difference.summary)\n")
      }
    }
    return agrees
  }
}

extension Evaluator.Budget {
  /// Half of the machine's memory for one value, and some of its processors.
  static func ofThisMachine(_ threads: Int) -> Evaluator.Budget {
    let memory = max(sysconf(Int32(_SC_PHYS_PAGES)), 1 << 16) * max(sysconf(Int32(_SC_PAGESIZE)), 4096)
    return .running(bytes: memory / 2, threads: threads)
  }
}

extension RuntimeValue {
  /// `f32[1, 1000]`, and the numbers where they are few.
  var summary: String {
    switch self {
    case .tensor(let literal): "\(literal.elementType.rawValue)\(literal.dimensions)"
    case .sequence(let elements): "sequence of \(elements.count)" + (elements.first.map { ": \($0.summary) ..." } ?? "")
    case .optional(let value): value.map { "optional of \($0.summary)" } ?? "empty optional"
    case .map(let keys, _): "map of \(keys.elementCount)"
    }
  }
}

extension ByteString {
  /// The name with all that has a meaning in a path replaced.
  fileprivate var fileName: String {
    let name = String(text.map { $0 == "/" || $0 == "\0" ? "_" : $0 })
    return name.hasPrefix(".") ? "_" + name : String(name.prefix(200))
  }
}
