import IR

/// Writes the complete text of a module, in pieces.
package struct TextExporter: Exporter {
  package init() {}

  package func write(
    _ module: Module, to destination: OutputDestination, options: ExportOptions, diagnostics: Diagnostics
  ) throws -> Int {
    try OutputFile.write(to: destination, synchronizes: options.synchronizesFiles) { file in
      var offset = 0
      try module.write(.complete) { text in
        try file.write(text, at: offset)
        offset += text.count
      }
      return offset
    }
  }
}
