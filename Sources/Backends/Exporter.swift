import IR

/// Writes modules in one file format.
package protocol Exporter {
  /// Writes `module`, which is left as it is unless the options say otherwise, to `destination`: the whole file, or
  /// nothing at all.
  ///
  /// - Parameter diagnostics: told what the format made the exporter change or decide: a raised IR version, weights
  ///   that moved to a file of their own.
  /// - Returns: the bytes of all files that were written.
  /// - Throws: `ModelError` where the format cannot express something, which it names, or where the file cannot be
  ///   written.
  @discardableResult
  func write(
    _ module: Module, to destination: OutputDestination, options: ExportOptions, diagnostics: Diagnostics
  ) throws -> Int
}

/// How to write, whatever the format.
package struct ExportOptions: Sendable {
  /// Where the weights of a format that can keep them beside the model go.
  package enum ExternalData: Hashable, Sendable {
    /// Each weight as its source had it, as long as the format allows it.
    case asInSource
    /// In a file beside the model, called after it.
    case besideModel
    /// In the file of this name in the model's folder.
    case file(String)
  }

  /// The threads that may make and write bytes; the bytes do not depend on it.
  package var threads: Int
  package var externalData: ExternalData
  /// Whether the data must be on the disk before the output gets its name.
  package var synchronizesFiles: Bool
  /// Whether nobody needs the module afterwards: the exporter may bring it into the forms of its format instead of a
  /// clone.
  package var consumesModule = false

  package init(threads: Int = 1, externalData: ExternalData = .asInSource, synchronizesFiles: Bool = false) {
    self.threads = threads
    self.externalData = externalData
    self.synchronizesFiles = synchronizesFiles
  }
}
