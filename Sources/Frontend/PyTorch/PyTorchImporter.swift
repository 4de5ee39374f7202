import Formats
import IR

/// Reads what `torch.export.save` writes: programs of ATen operators, with their weights.
package struct PyTorchImporter: Importer {
  package static let format = InputFormat.pytorch

  package init() {}

  /// A zip archive or a pickle: no other format begins so, and where it is no exported program the error says what it is.
  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    ZipArchive.recognizes(prefix: prefix) || OtherArchive.isPickle(prefix: prefix)
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    if file.contents.withUnsafeBytes({ OtherArchive.isPickle(prefix: $0) }) { throw OtherArchive.pickle }
    let archive = try ProgramArchive(file.contents)
    let program = try archive.program()
    let module = try ProgramReader.read(
      program, Weights(archive), MemoryBudget(fileBytes: file.contents.count), options.opset, diagnostics)
    file.contents.giveBackPages()
    return module
  }
}
