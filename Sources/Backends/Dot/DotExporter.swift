import IR

/// Writes the main graph for Graphviz, to be looked at: operations, the values between them, and the weights as a note.
package struct DotExporter: Exporter {
  package init() {}

  package func write(
    _ module: Module, to destination: OutputDestination, options: ExportOptions, diagnostics: Diagnostics
  ) throws -> Int {
    let text = Array(DotPrinter(module).text.utf8)
    try OutputFile.write(to: destination, synchronizes: options.synchronizesFiles) { file in
      try text.withUnsafeBytes { try file.write($0, at: 0) }
    }
    return text.count
  }
}
