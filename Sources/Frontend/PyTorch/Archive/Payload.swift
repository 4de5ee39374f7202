import Formats
import IR

/// Where an archive has a tensor, and how its elements lie there.
struct Payload {
  var path = ""
  var isPickled = false
  var description: TensorDescription?

  init(_ reader: inout JSONReader) throws {
    try reader.readObject { reader, key in
      switch key {
      case "path_name": path = try reader.readString()
      case "use_pickle": isPickled = try reader.readBool()
      case "tensor_meta" where !reader.acceptNull(): description = try TensorDescription(&reader)
      case "tensor_meta": break
      default: try reader.skip()
      }
    }
  }

  /// The tensor in the bytes at `path`.
  func tensor(in storage: ByteSlice) throws -> StoredTensor {
    if isPickled { return try PickledTensors.tensor(storage) }
    guard let description else { throw ModelError(.invalidModel, "has no description") }
    guard description.isStrided else { throw ModelError(.invalidModel, "is sparse") }
    return StoredTensor(
      type: try ElementType(scalarType: description.elementType), sizes: try Self.numbers(description.sizes),
      strides: try Self.numbers(description.strides), offset: try Self.numbers([description.storageOffset])[0],
      storage: storage, path: path)
  }

  private static func numbers(_ sizes: [TensorDescription.Size]) throws -> [Int] {
    try sizes.map { size in
      guard case .number(let value) = size else {
        throw ModelError(.invalidModel, "has a size, stride or offset that is no number")
      }
      return value
    }
  }
}

/// The tensors of an archive, as literals over its bytes.
final class Weights {
  private let archive: ProgramArchive
  private let payloads: [(folder: String, payloads: [String: Payload])]
  /// Those of an archive that has them in pickles.
  private let pickled: [String: Result<StoredTensor, ModelError>]
  /// The bytes of each path: what several tensors share is one slice.
  private var storages: [String: ByteSlice] = [:]
  private lazy var places = payloads.reduce(into: pickled.compactMapValues { try? $0.get().path }) { places, folder in
    places.merge(folder.payloads.mapValues { "\(folder.folder)/\($0.path)" }) { first, _ in first }
  }

  init(_ archive: ProgramArchive) throws {
    self.archive = archive
    payloads = try ["weights", "constants"].map { ($0, try archive.payloads($0)) }
    pickled = try archive.pickledTensors()
  }

  /// The tensor that the program calls `name`.
  ///
  /// - Throws: `ModelError` where the archive has no such tensor, or says what cannot be of its bytes.
  func literal(_ name: String) throws -> TensorLiteral {
    do {
      for (folder, payloads) in payloads {
        guard let payload = payloads[name] else { continue }
        return try payload.tensor(in: storage(payload.path, in: folder)).literal()
      }
      guard let tensor = pickled[name] else { throw ModelError(.invalidModel, "the archive does not have it") }
      return try tensor.get().literal()
    } catch let error as ModelError {
      throw error.at("tensor '\(name)'")
    }
  }

  /// The path of a tensor's storage: tensors at one path may share elements.
  func place(of name: String) -> String? { places[name] }

  private func storage(_ path: String, in folder: String) throws -> ByteSlice {
    let key = "\(folder)/\(path)"
    if let known = storages[key] { return known }
    guard let bytes = try archive.bytes(folder, path) else { throw ModelError(.invalidModel, "'\(path)' is missing") }
    storages[key] = bytes
    return bytes
  }
}
