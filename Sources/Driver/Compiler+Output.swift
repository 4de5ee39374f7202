import Backends
import Frontend
import IR
import Passes

extension Compiler {
  /// Writes the result where it was asked to go, or shows it. What is written is the module's last use.
  ///
  /// - Returns: the bytes of the files that were written; `nil` where none was.
  func emit(_ module: Module, _ format: OutputFormat?, _ input: ModelFile) throws -> Int? {
    guard let output = invocation.output else {
      try show(module, format, input)
      return nil
    }
    guard let exporter = format?.exporter else { return nil }
    console.showProgress("writing \(output.name) ...")
    var options = invocation.export
    options.consumesModule = true
    return try timer.measure("(export)") {
      try exporter.write(module, to: output, options: options, diagnostics: diagnostics)
    }
  }

  /// Without an output: text for text, else the inspection table.
  private func show(_ module: Module, _ format: OutputFormat?, _ input: ModelFile) throws {
    let inputFormat = try invocation.inputFormat ?? InputFormat.detect(input)
    console.hideProgress()
    switch format ?? (inputFormat == .mir ? OutputFormat.mir : nil) {
    case .mir?: try module.write(.elided) { console.output($0) }
    case .dot?: console.output(DotPrinter(module).text)
    case .some(.none): break
    case nil, .onnx?, .mcb?:
      console.output(Inspection(module, ModuleSummary(of: module)).text(title: invocation.input))
    }
  }
}
