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
}

/// The tensors of an archive, as literals over its bytes.
final class Weights {
  private let archive: ProgramArchive
  private let weights: [String: Payload]
  private let constants: [String: Payload]
  /// The bytes of each path: what several tensors share is one slice.
  private var storages: [String: ByteSlice] = [:]

  init(_ archive: ProgramArchive) throws {
    self.archive = archive
    weights = try archive.payloads("weights")
    constants = try archive.payloads("constants")
  }

  /// The tensor that the program calls `name`.
  ///
  /// - Throws: `ModelError` where the archive has no such tensor, or says what cannot be of its bytes.
  func literal(_ name: String) throws -> TensorLiteral {
    do {
      if let payload = weights[name] { return try literal(payload, in: "weights") }
      if let payload = constants[name] { return try literal(payload, in: "constants") }
      throw ModelError(.invalidModel, "the archive does not have it")
    } catch let error as ModelError {
      throw error.at("tensor '\(name)'")
    }
  }

  private func literal(_ payload: Payload, in folder: String) throws -> TensorLiteral {
    guard !payload.isPickled, let description = payload.description else {
      throw ModelError(.invalidModel, "is pickled, and a pickle is never executed")
    }
    guard description.isStrided else { throw ModelError(.invalidModel, "is sparse") }
    let type = try ElementType(scalarType: description.elementType)
    let sizes = try Self.numbers(description.sizes)
    let strides = try Self.numbers(description.strides)
    let offset = try Self.numbers([description.storageOffset])[0]
    guard sizes.count == strides.count else { throw ModelError(.invalidModel, "has a stride too many or too few") }
    let storage = try storage(payload.path, in: folder)
    let layout = StridedCopy(sizes: sizes, strides: strides, width: (type.bitWidth ?? 8) / 8)
    guard let extent = layout.extent, let start = Self.product(offset, layout.width),
      let bytes = storage.slice(offset: start, count: extent)
    else { throw ModelError(.invalidModel, "does not lie inside the \(storage.count) bytes of '\(payload.path)'") }
    if layout.isContiguous { return try TensorLiteral(type, sizes, .bytes(bytes)) }
    // An extent that is repeated by a stride of 0 could be of any size.
    guard layout.elementCount * layout.width <= 16 * storage.count else {
      throw ModelError(.invalidModel, "repeats the few bytes of '\(payload.path)' to \(sizes)")
    }
    let elements = try TensorLiteral(type, [extent / layout.width], .bytes(bytes))
    return try TensorLiteral(type, sizes, .whole(WholeEvaluation(layout, of: [elements])))
  }

  private func storage(_ path: String, in folder: String) throws -> ByteSlice {
    let key = "\(folder)/\(path)"
    if let known = storages[key] { return known }
    guard let bytes = try archive.bytes(folder, path) else { throw ModelError(.invalidModel, "'\(path)' is missing") }
    storages[key] = bytes
    return bytes
  }

  private static func product(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow || product < 0 ? nil : product
  }

  private static func numbers(_ sizes: [TensorDescription.Size]) throws -> [Int] {
    try sizes.map { size in
      guard case .number(let value) = size, value >= 0 else {
        throw ModelError(.invalidModel, "has a size, stride or offset that is no number")
      }
      return value
    }
  }
}
