import Backends
import Frontend
import IR
import Passes

/// What the command line asked for, checked: everything that a run depends on besides its input.
package struct Invocation: Sendable {
  /// How statistics are told.
  package enum StatisticsForm: String, Sendable, CaseIterable {
    case text, json
  }

  // MARK: What to read and write

  /// Where the model is.
  package var model: ModelPath
  /// Its path, which names it in messages.
  package var input: String { model.path }
  /// The input's format; `nil` to detect it.
  package var inputFormat: InputFormat?
  /// Where the result goes; `nil` prints instead.
  package var output: OutputDestination?
  /// The output's format; `nil` to follow the suffix.
  package var emit: OutputFormat?
  /// The version of ONNX's operator set to write; `nil` for the source's own.
  package var opset: Int?
  package var export = ExportOptions()

  /// Which of a SavedModel's signatures to read; `nil` for the usual one.
  package var signature: String?
  /// The outputs that were asked for, where the input does not say what its own are.
  package var outputs: [String] = []
  /// The inputs that were asked for.
  package var inputs: [String] = []

  // MARK: What to run

  package var pipeline = Pipeline()
  package var threads = 1
  package var numerics = Numerics.rounding
  package var verifiesEach = false
  /// How many applications of passes may run; `nil` for all.
  package var bisectionLimit: Int?

  // MARK: What to tell

  package var warningsAreErrors = false
  package var timesPasses = false
  /// How to tell statistics; `nil` for a table on a terminal alone.
  package var statistics: StatisticsForm?
  /// Where remarks go as JSON lines.
  package var remarksPath: String?
  package var printing = ModulePrinter.Selection()

  package init(_ model: ModelPath) {
    self.model = model
  }

  private var importOptions: ImportOptions {
    ImportOptions(
      format: inputFormat, threads: threads, signature: signature, outputs: outputs, inputs: inputs, opset: opset)
  }

  /// The input as a module that is to be written as asked for.
  func read(_ file: ModelFile, _ diagnostics: Diagnostics) throws -> Module {
    let module = try Module.read(file, importOptions, diagnostics: diagnostics)
    if let opset {
      module.target[""] = opset
      module.isTargetPinned = true
    }
    return module
  }

  /// The format of the output.
  ///
  /// - Throws: a usage error where neither `-emit` nor the suffix tells, or where a terminal would get binary.
  func outputFormat(isTerminal: Bool) throws -> OutputFormat? {
    guard let output else {
      switch emit {
      case nil, .none?, .mir?, .dot?: return emit
      case .onnx?, .mcb?:
        throw ModelError(.usage, "-emit=\(emit?.rawValue ?? "") needs an output; name it with -o <file>")
      }
    }
    switch output {
    case .file(let path):
      guard let format = emit ?? OutputFormat(path: path) else {
        throw ModelError(
          .usage, "-o \(path): the suffix names no format; use .onnx, .mcb, .mir or .dot, or say -emit=<format>")
      }
      return format
    case .standardOutput:
      guard let emit else { throw ModelError(.usage, "-o - needs -emit=onnx, mcb, mir or dot") }
      if emit.isBinary && isTerminal {
        throw ModelError(.usage, "\(emit.rawValue) is binary and would garble the terminal; redirect it or name a file")
      }
      return emit
    }
  }
}
