import CModelProtos
import Formats
import IR

/// The signatures of a SavedModel: its functions as callers see them.
enum Signature {
  /// The signature that is read unless another one is asked for.
  private static let standard = "serving_default"

  /// The inputs and outputs of the signature called `name`, by name.
  ///
  /// - Throws: `ModelError` that lists all where there is none of that name.
  static func interface(of meta: Tensorflow__MetaGraphDef, named name: String?) throws -> ModelInterface {
    let all = messages(meta.signature_def, meta.n_signature_def).compactMap { entry in
      entry.pointee.value.map { (name: ByteString(entry.pointee.key), definition: $0.pointee) }
    }
    let names = all.map(\.name.text).filter { !$0.hasPrefix("__") }.sorted()
    let wanted = name ?? standard
    guard let signature = all.first(where: { $0.name.text == wanted }) ?? (name == nil ? only(all) : nil) else {
      let list =
        names.isEmpty ? "it has none: save the model with signatures=" : "it has \(names.joined(separator: ", "))"
      let kind: ModelError.Kind = name == nil ? .invalidModel : .usage
      let hint = name == nil && !names.isEmpty ? "; choose one with -signature=" : ""
      throw ModelError(kind, "has no signature '\(wanted)': \(list)\(hint)")
    }
    let inputs = messages(signature.definition.inputs, signature.definition.n_inputs)
    let outputs = messages(signature.definition.outputs, signature.definition.n_outputs)
    guard !outputs.isEmpty else { throw ModelError(.invalidModel, "its signature '\(wanted)' returns nothing") }
    return ModelInterface(inputs: try tensors(inputs), outputs: try tensors(outputs))
  }

  private static func only(
    _ all: [(name: ByteString, definition: Tensorflow__SignatureDef)]
  ) -> (name: ByteString, definition: Tensorflow__SignatureDef)? {
    let candidates = all.filter { !$0.name.text.hasPrefix("__") }
    return candidates.count == 1 ? candidates.first : nil
  }

  private static func tensors(_ entries: [UnpackedMessage<Tensorflow__TensorInfoEntry>]) throws -> [InterfaceTensor] {
    try entries.map { entry in
      let name = ByteString(entry.pointee.key)
      guard let info = entry.pointee.value?.pointee, info.has_name != 0 else {
        throw ModelError(.invalidModel, place: "'\(name.text)'", "is no dense tensor, which is all that mcc passes")
      }
      return InterfaceTensor(
        name: name, tensor: ByteString(info.name), typeNumber: Int(info.dtype),
        shape: info.tensor_shape.map { UnpackedMessage($0) })
    }.sorted { $0.name < $1.name }
  }
}
