import IR

/// Reads ONNX models.
package struct ONNXImporter: Importer {
  package static let format = InputFormat.onnx

  package init() {}

  /// Protobuf has no magic number. A file that is called `.onnx`, or begins with the tag of a field that ONNX writers put first.
  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    path.hasSuffix(".onnx") || prefix.first == 0x08
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    throw ModelError(.internalFailure, "reading ONNX is not finished")
  }
}
