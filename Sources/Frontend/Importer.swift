import IR

/// Translates one file format into the IR. Importers translate and do not optimize.
package protocol Importer {
  /// The format that this importer reads.
  static var format: InputFormat { get }

  /// Whether a file is of this format, judged by its first bytes and, where those say nothing, by its name.
  static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool

  init()

  /// Reads a whole model. Weights are not copied: they stay in `file`.
  ///
  /// - Throws: `ModelError` that names the place inside the file. Nothing in the file is trusted.
  func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module
}

/// The formats that modules are read from. The raw value is what `-x` takes.
package enum InputFormat: String, Hashable, Sendable, CaseIterable {
  case mcb, mir, pytorch, caffe, tensorflow, onnx

  /// The importer of this format.
  package var importer: any Importer.Type {
    switch self {
    case .mcb: BinaryImporter.self
    case .mir: TextImporter.self
    case .pytorch: PyTorchImporter.self
    case .onnx: ONNXImporter.self
    case .tensorflow: TensorFlowImporter.self
    case .caffe: CaffeImporter.self
    }
  }
}

/// What a caller may ask of an import.
package struct ImportOptions: Sendable {
  /// The input's format; `nil` to detect it.
  package var format: InputFormat?
  /// The threads that may check the file's bytes.
  package var threads: Int
  /// Which of a SavedModel's signatures to read; `nil` for the usual one.
  package var signature: String?
  /// The outputs that are asked for, where the file does not say what its outputs are; empty to guess them.
  package var outputs: [String]
  /// What is to be an input, from where on the file is read, where it can say that before it is read.
  package var inputs: [String]
  /// The opset that the module will be written in; `nil` for the importer's own.
  package var opset: Int?

  package init(
    format: InputFormat? = nil, threads: Int = 1, signature: String? = nil, outputs: [String] = [],
    inputs: [String] = [], opset: Int? = nil
  ) {
    self.format = format
    self.threads = threads
    self.signature = signature
    self.outputs = outputs
    self.inputs = inputs
    self.opset = opset
  }
}

extension Module {
  /// Reads the model at `path`, of whatever format it is.
  ///
  /// - Throws: `ModelError` that names the file: it cannot be opened, is of no known format, or is no valid model.
  package static func read(
    _ path: ModelPath, _ options: ImportOptions = ImportOptions(), diagnostics: Diagnostics
  ) throws -> Module {
    try read(ModelFile(path), options, diagnostics: diagnostics)
  }

  /// Reads a model that is in memory already.
  package static func read(
    _ file: ModelFile, _ options: ImportOptions = ImportOptions(), diagnostics: Diagnostics
  ) throws -> Module {
    do {
      let format = try options.format ?? InputFormat.detect(file)
      return try format.importer.init().read(file, options, diagnostics)
    } catch let error as ModelError {
      throw error.inFile(file.path)
    }
  }
}

extension InputFormat {
  /// As many bytes as any importer looks at to recognize its format.
  static let prefixLength = 4096

  /// The format of `file`. The formats with an unmistakable beginning are asked first.
  package static func detect(_ file: ModelFile) throws -> InputFormat {
    guard file.contents.count > 0 else { throw ModelError(.invalidModel, "is empty; name a model file") }
    return try file.contents.withUnsafeBytes { bytes in
      let prefix = UnsafeRawBufferPointer(rebasing: bytes.prefix(prefixLength))
      if let format = allCases.first(where: { $0.importer.recognizes(prefix: prefix, path: file.path) }) {
        return format
      }
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw ModelError(.invalidModel, "is of no known format; -x names one of \(known)")
    }
  }
}
