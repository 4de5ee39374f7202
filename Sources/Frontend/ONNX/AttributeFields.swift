import CModelProtos
import Formats
import IR

/// Which fields of an AttributeProto hold its value.
enum AttributeFields {
  /// ONNX's numbers of the kinds, from 1 on.
  private static let kinds: [AttributeKind] = [
    .float, .int, .string, .tensor, .graph, .floats, .ints, .strings, .tensors, .graphs, .sparseTensor, .sparseTensors,
    .type, .types,
  ]

  /// The kind of the attribute: what it says, or for models from before attributes had a type, what it has.
  ///
  /// - Throws: `ModelError` where it says a kind that this build does not know, or has a value of another one.
  static func kind(of message: UnpackedMessage<Onnx__AttributeProto>) throws -> AttributeKind {
    let proto = message.pointee
    let number = Int(proto.type.rawValue)
    if proto.has_type == 0 || number == 0 {
      let present = kinds.filter { has($0, proto, zeros: true) }
      guard let only = present.first, present.count == 1 else {
        throw ModelError(.invalidModel, "has no type, and \(present.isEmpty ? "no value" : "more than one value")")
      }
      return only
    }
    guard kinds.indices.contains(number - 1) else {
      throw ModelError(.invalidModel, "has type \(number), which this build does not know")
    }
    let kind = kinds[number - 1]
    if let other = kinds.first(where: { $0 != kind && has($0, proto, zeros: false) }) {
      throw ModelError(
        .invalidModel, "is said to be of type \(kind.rawValue), but has a value of type \(other.rawValue)")
    }
    return kind
  }

  /// The scalar fields that are written for an attribute of that kind whatever they say.
  static func always(_ kind: AttributeKind) -> FieldMask {
    switch kind {
    case .float: .fields(1, 2, 20)
    case .int: .fields(1, 3, 20)
    case .string: .fields(1, 4, 20)
    case .tensor, .sparseTensor, .graph, .type, .floats, .ints, .strings, .tensors, .sparseTensors, .graphs, .types:
      .fields(1, 20)
    }
  }

  /// Whether the attribute has a value of a kind.
  ///
  /// - Parameter zeros: whether a number 0 counts: some writers write it for every attribute.
  private static func has(_ kind: AttributeKind, _ proto: Onnx__AttributeProto, zeros: Bool) -> Bool {
    switch kind {
    case .float: proto.has_f != 0 && (zeros || proto.f.bitPattern != 0)
    case .int: proto.has_i != 0 && (zeros || proto.i != 0)
    case .string: proto.has_s != 0
    case .tensor: proto.t != nil
    case .graph: proto.g != nil
    case .floats: proto.n_floats > 0
    case .ints: proto.n_ints > 0
    case .strings: proto.n_strings > 0
    case .tensors: proto.n_tensors > 0
    case .graphs: proto.n_graphs > 0
    case .sparseTensor: proto.sparse_tensor != nil
    case .sparseTensors: proto.n_sparse_tensors > 0
    case .type: proto.tp != nil
    case .types: proto.n_type_protos > 0
    }
  }
}
