import CModelProtos
import Formats
import IR

/// The definitions of a model's or a function's operators, for all graphs inside it.
final class Definitions {
  private let opsets: OpsetVersions
  private var resolver: DefinitionResolver
  /// Those that nodes had already, by the names that these give. Models have few: a look at each is faster than to hash
  /// the name of every node.
  private var known: [(domain: ByteString, name: ByteString, definition: OpDefinition)] = []
  /// A number for each of `known`, which few others share.
  private var digests: [UInt64] = []

  private static let fewOperators = 64
  private static let constant = OpCatalog.Key("", "Constant")

  init(_ opsets: OpsetVersions) {
    self.opsets = opsets
    resolver = DefinitionResolver(opsets)
  }

  /// What a node's operator is: a function of the model, `OpDefinition.constant`, or an operator of ONNX.
  ///
  /// - Throws: `ModelError` where the operator is none of ONNX, or one whose version nothing says.
  func definition(of proto: Onnx__NodeProto, _ reader: ModelReader) throws -> OpDefinition {
    let digest = Self.digest(proto.op_type)
    for index in digests.indices
    where digests[index] == digest && known[index].name.equals(proto.op_type)
      && known[index].domain.equals(proto.domain)
    {
      return known[index].definition
    }
    let (domain, name) = (ByteString(proto.domain), ByteString(proto.op_type))
    let key = OpCatalog.Key(OperatorSets.normalized(domain), name)
    let definition =
      if reader.functions.contains(key) {
        reader.functionDefinition(key)
      } else {
        key == Self.constant ? .constant : try definition(key)
      }
    if known.count < Self.fewOperators {
      known.append((domain, name, definition))
      digests.append(digest)
    }
    return definition
  }

  private static func digest(_ name: ProtobufCBinaryData) -> UInt64 {
    UnsafeBufferPointer(start: name.data, count: name.len).prefix(8).reduce(UInt64(name.len)) { $0 << 7 ^ UInt64($1) }
  }

  private func definition(_ key: OpCatalog.Key) throws -> OpDefinition {
    let definition = resolver.definition(domain: key.domain, name: key.name)
    guard definition.form != .builtin else { throw ModelError(.invalidModel, "ONNX has no such operator") }
    guard opsets[key.domain] != nil || OpCatalog.vocabulary[key.domain] == nil else {
      throw ModelError(
        .invalidModel, "opset_import names no version of \(OperatorSets.name(of: key.domain)), which has this operator")
    }
    return definition
  }
}
