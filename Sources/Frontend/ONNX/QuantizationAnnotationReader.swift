import CModelProtos
import Formats
import IR

/// Quantization annotations: `annotate` operations, whose operands are what the annotation names.
extension GraphReader {
  /// - Returns: those that name something that is not there, as they are.
  func readQuantizationAnnotations(
    _ protos: [UnpackedMessage<Onnx__TensorAnnotation>]
  ) throws -> Annotations.Property? {
    var extra: [Annotations.Property] = []
    for message in protos where try !insertAnnotation(message) { extra.append(.bytes(message.wireBytes)) }
    return .list(unlessEmpty: extra)
  }

  private func insertAnnotation(_ message: UnpackedMessage<Onnx__TensorAnnotation>) throws -> Bool {
    let proto = message.pointee
    let parameters = try Annotations.Entry.read(
      messages(proto.quant_parameter_tensor_names, proto.n_quant_parameter_tensor_names))
    guard let tensor = scope[ByteString(proto.tensor_name)] else { return false }
    let values = parameters.compactMap { scope[$0.value] }
    guard values.count == parameters.count else { return false }
    let operation = builder.insert(
      .annotate, operands: [tensor] + values, results: [],
      attributes: [
        ONNXAnnotation.kind: .string(ONNXAnnotation.quantization), ONNXAnnotation.keys: .strings(parameters.map(\.key)),
      ])
    var annotations = Annotations()
    try annotations.note(message, always: .fields(1))
    operation.annotations = annotations.unlessEmpty
    return true
  }
}
