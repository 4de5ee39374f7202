import Formats
import IR

/// Reads `.mcb` files. Every byte is checked against its checksum first; raw weights then stay in the file.
package struct BinaryImporter: Importer {
  package static let format = InputFormat.mcb

  package init() {}

  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    prefix.starts(with: BinaryFormat.magic) || path.hasSuffix(".mcb")
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    let binary = try BinaryFile(file.contents)
    try Self.checkVocabulary(binary.table.vocabulary)
    try binary.verify(threads: options.threads)
    var budget = MemoryBudget(fileBytes: file.contents.count)
    let weights = try WeightReader(binary, &budget)
    let module = try StructureDecoder.decode(binary, weights, budget)
    if binary.table.vocabulary == OpCatalog.vocabulary {
      try module.inferTypes(diagnostics)
    } else {
      try Opsets.raise(module, diagnostics)
    }
    return module
  }

  /// Refuses operators that are newer than this build.
  private static func checkVocabulary(_ vocabulary: OpsetVersions) throws {
    for entry in vocabulary.entries {
      let name = entry.domain.isEmpty ? "the default domain" : "domain '\(entry.domain.text)'"
      guard let newest = OpCatalog.vocabulary[entry.domain] else {
        throw ModelError(
          .invalidModel, place: "section table", "this build knows no operators of \(name); a newer mcc may")
      }
      guard (1...newest).contains(entry.version) else {
        throw ModelError(
          .invalidModel, place: "section table",
          "says its operators as opset \(entry.version) of \(name) does, this build knows \(newest): use a newer mcc")
      }
    }
  }
}
