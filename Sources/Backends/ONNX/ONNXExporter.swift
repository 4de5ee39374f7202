import CModelProtos
import Formats
import IR

/// Writes ONNX models.
package struct ONNXExporter: Exporter {
  package init() {}

  /// What protobuf's readers take at most.
  static let maximumModelBytes = Int(Int32.max)

  package func write(
    _ module: Module, to destination: OutputDestination, options: ExportOptions, diagnostics: Diagnostics
  ) throws -> Int {
    let lowered = options.consumesModule ? module : module.clone()
    try Opsets.lower(lowered, to: module.target)
    let version = IRVersion.version(for: lowered)
    if let source = module.annotations?.integer(ONNXProperty.irVersion), source != version {
      diagnostics.remark("IR version \(source) becomes \(version), which its opset needs")
    }
    let writing = ONNXWriting(lowered, names: try ValueNames(lowered), destination: destination, options: options)
    guard !writing.asksForExternalData() else { return try writing.writeWithExternalData() }
    let layout = try writing.layout(.inline)
    if layout.byteCount <= Self.maximumModelBytes { return try writing.write(layout) }
    try diagnostics.warn(
      "has \(layout.byteCount) bytes, and ONNX models at most \(Self.maximumModelBytes): its weights go into a file "
        + "beside it")
    return try writing.writeWithExternalData()
  }
}

/// One module on its way into a file.
private struct ONNXWriting {
  private let module: Module
  private let names: ValueNames
  private let destination: OutputDestination
  private let options: ExportOptions

  init(_ module: Module, names: ValueNames, destination: OutputDestination, options: ExportOptions) {
    self.module = module
    self.names = names
    self.destination = destination
    self.options = options
  }

  /// Whether the weights belong beside the model: the user says so, or the source had some there.
  func asksForExternalData() -> Bool {
    switch options.externalData {
    case .besideModel, .file: return true
    case .asInSource:
      return module.annotations?[ONNXProperty.externalData] != nil && !OutputFile.isStream(destination)
    }
  }

  func layout(_ externalData: ExternalDataIndex) throws -> OutputLayout {
    let encoder = ModelEncoder(
      module, names: names, version: IRVersion.version(for: module), externalData: externalData)
    return try withExtendedLifetime(encoder) { OutputLayout(try encoder.encode(), encoder.payloads) }
  }

  /// Writes the model's own file, and returns its bytes.
  func write(_ layout: OutputLayout) throws -> Int {
    guard layout.byteCount <= ONNXExporter.maximumModelBytes else {
      throw ModelError(
        .invalidModel, file: destination.name,
        "would have \(layout.byteCount) bytes without its weights; ONNX models have at most "
          + "\(ONNXExporter.maximumModelBytes)")
    }
    try OutputFile.write(to: destination, synchronizes: options.synchronizesFiles) { file in
      try OutputWriter(layout).write(to: file, threads: options.threads)
    }
    return layout.byteCount
  }

  // MARK: Weights beside the model

  /// Writes the weights, then the model that refers to them, and returns the bytes of both.
  func writeWithExternalData() throws -> Int {
    guard case .file(let path) = destination, !OutputFile.isStream(destination) else {
      throw ModelError(
        .usage, file: destination.name, "is no file that weights could be beside; write the model to a file")
    }
    let target = OutputFile.target(of: path)
    let requested = try requestedName(besideModel: target)
    let data = try externalDataLayout(location: requested ?? target)
    guard !data.isEmpty else { return try write(layout(.inline)) }
    let file = try DataFile(data.output, besideModel: target, requested: requested, options)
    do {
      return try write(layout(ExternalDataIndex(data, location: file.name))) + data.output.byteCount
    } catch {
      file.discard()
      throw error
    }
  }

  /// - Parameter location: a name about as long as that of the file will be.
  private func externalDataLayout(location: String) throws -> ExternalDataLayout {
    let initializers = ExternalDataLayout(module, .initializers)
    let size = try layout(ExternalDataIndex(initializers, location: location)).byteCount
    return size <= ONNXExporter.maximumModelBytes ? initializers : ExternalDataLayout(module, .everything)
  }

  private func requestedName(besideModel target: String) throws -> String? {
    guard case .file(let name) = options.externalData else { return nil }
    try DataFile.check(name, besideModel: target)
    return name
  }
}
