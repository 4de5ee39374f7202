import Formats
import IR

/// One value in a file of its own, as ONNX's test data has them.
package enum ValueFile {
  private static let deepest = 16

  /// The value of a type that `message`, a TensorProto, SequenceProto or OptionalProto, holds.
  ///
  /// - Throws: `ModelError` where it is damaged, or of another type.
  package static func read(_ message: ByteSlice, as type: ValueType) throws -> RuntimeValue {
    try read(message, as: type, depth: 0)
  }

  private static func read(_ message: ByteSlice, as type: ValueType, depth: Int) throws -> RuntimeValue {
    guard depth < deepest else { throw ModelError(.invalidModel, "values are nested more than \(deepest) deep") }
    switch type {
    case .tensor, .unknown: return .tensor(try tensor(message))
    case .sequence(let element):
      // Tensors, sequences, optionals.
      let parts = try ValueMessage.fields(of: message).filter { [3, 5, 7].contains($0.number) }
      return .sequence(try parts.map { try read($0.content, as: element, depth: depth + 1) })
    case .optional(let element):
      let part = try ValueMessage.fields(of: message).first { [3, 5, 7].contains($0.number) }
      return .optional(try part.map { try read($0.content, as: element, depth: depth + 1) })
    case .sparseTensor, .map, .opaque: throw ModelError(.invalidModel, "values of type \(type) are not read from files")
    }
  }

  private static func tensor(_ message: ByteSlice) throws -> TensorLiteral {
    let model = ValueMessage.model(holding: message.withUnsafeBytes { ValueMessage.named(Array($0)) })
    let module = try ONNXImporter().read(
      ModelFile(path: "", contents: ByteSlice(model)), ImportOptions(format: .onnx), Diagnostics())
    for operation in module.main.operations {
      if let literal = operation.result()?.constantLiteral { return literal }
    }
    throw ModelError(.invalidModel, "holds no tensor")
  }
}
