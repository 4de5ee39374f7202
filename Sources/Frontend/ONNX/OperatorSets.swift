import CModelProtos
import Formats
import IR

/// The operator sets that a model or a function imports.
struct OperatorSets {
  let versions: OpsetVersions
  /// How the file spells them, where that is not the plain way.
  let spelling: Annotations.Property?

  /// `ai.onnx` is another name of the default domain.
  static func normalized(_ domain: ByteString) -> ByteString { domain == longName ? "" : domain }

  private static let longName: ByteString = "ai.onnx"

  /// - Throws: `ModelError` where a version is missing, contradicts another, or is newer than this build knows.
  static func read(_ imports: [UnpackedMessage<Onnx__OperatorSetIdProto>]) throws -> OperatorSets {
    var versions: [OpsetVersions.Entry] = []
    var spellings: [Annotations.Property] = []
    var isPlain = true
    for message in imports {
      let written = ByteString(message.pointee.domain)
      let domain = normalized(written)
      let version = try version(of: message.pointee, domain)
      if let other = versions.first(where: { $0.domain == domain }), other.version != version {
        throw ModelError(.invalidModel, "imports opsets \(other.version) and \(version) of \(name(of: domain))")
      }
      versions.append(OpsetVersions.Entry(domain: domain, version: version))
      isPlain = isPlain && !message.hasUnknownFields && (message.pointee.has_domain != 0) == !domain.isEmpty
      message.pointer.pointee.has_version = 0
      spellings.append(.bytes(message.wireBytes))
    }
    return OperatorSets(versions: OpsetVersions(versions), spelling: isPlain ? nil : .list(spellings))
  }

  private static func version(of proto: Onnx__OperatorSetIdProto, _ domain: ByteString) throws -> Int {
    guard proto.version > 0 else {
      throw ModelError(.invalidModel, "imports opset \(proto.version) of \(name(of: domain)); versions begin at 1")
    }
    if let newest = OpCatalog.vocabulary[domain], proto.version > newest {
      throw ModelError(
        .invalidModel,
        "is written in opset \(proto.version) of \(name(of: domain)); this build of mcc knows those up to \(newest)")
    }
    return Int(proto.version)
  }

  /// How messages name a domain.
  static func name(of domain: ByteString) -> String {
    domain.isEmpty ? "the default domain" : "domain '\(domain.text)'"
  }
}
