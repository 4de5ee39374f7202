import Formats
import IR

/// Reads ONNX models.
package struct ONNXImporter: Importer {
  package static let format = InputFormat.onnx

  package init() {}

  /// Protobuf has no magic number: a file that is called `.onnx`, or that begins with an `ir_version`, as writers do.
  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    path.hasSuffix(".onnx") || prefix.first == 0x08
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    let document = try ONNXDocument(file.contents)
    let externalData = ExternalDataReader(besideModel: file.path)
    let module = try ModelReader.read(document, externalData, diagnostics)
    try Opsets.raise(module, diagnostics)
    file.contents.giveBackPages()
    return module
  }
}
