import Formats
import IR

/// Reads the textual form.
package struct TextImporter: Importer {
  package static let format = InputFormat.mir

  package init() {}

  /// A file that is called `.mir`, or begins as a module or with a comment.
  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    path.hasSuffix(".mir") || prefix.starts(with: "module \"".utf8) || prefix.starts(with: "//".utf8)
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    try Module.parse(file.contents, file: file.path, diagnostics: diagnostics, older: DefinitionResolver.self)
  }
}
