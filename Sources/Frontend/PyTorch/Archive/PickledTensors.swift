import Formats
import IR

/// Reads what `torch.save` writes of tensors: a zip archive in which a pickle says where each lies. Of the pickle only the
/// calls that rebuild a tensor are understood, and none is executed.
struct PickledTensors {
  private let zip: ZipArchive
  /// What the names of all files begin with.
  private let root: String

  private init(_ file: ByteSlice) throws {
    guard ZipArchive.recognizes(file) else {
      throw ModelError(.invalidModel, "is a pickle in the form before PyTorch 1.6")
    }
    zip = try ZipArchive(file)
    guard let name = zip.names.first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) else {
      throw ModelError(.invalidModel, "has no data.pkl")
    }
    root = String(name.dropLast("data.pkl".count))
    if let order = try zip.contents(of: root + "byteorder"), !order.withUnsafeBytes({ $0.elementsEqual("little".utf8) })
    {
      throw ModelError(.invalidModel, "holds numbers in another byte order than little endian")
    }
  }

  /// The tensors of a dictionary that was saved to `file`; what is none fails where it is asked for.
  static func dictionary(_ file: ByteSlice) throws -> [String: Result<StoredTensor, ModelError>] {
    if file.count == 0 { return [:] }
    let archive = try PickledTensors(file)
    guard case .dictionary(let entries) = try archive.value().content else {
      throw ModelError(.invalidModel, "holds no dictionary of tensors")
    }
    var tensors: [String: Result<StoredTensor, ModelError>] = [:]
    for (key, value) in entries {
      guard case .text(let name) = key.content else { throw ModelError(.invalidModel, "has a tensor without a name") }
      do {
        tensors[name] = .success(try archive.tensor(value))
      } catch let error as ModelError {
        tensors[name] = .failure(error)
      }
    }
    return tensors
  }

  /// The one tensor that was saved to `file`.
  static func tensor(_ file: ByteSlice) throws -> StoredTensor {
    let archive = try PickledTensors(file)
    return try archive.tensor(archive.value())
  }

  private func value() throws -> PickledValue {
    guard let pickle = try zip.contents(of: root + "data.pkl") else {
      throw ModelError(.invalidModel, "has no data.pkl")
    }
    return try PickleReader.read(pickle)
  }

  private func tensor(_ value: PickledValue) throws -> StoredTensor {
    guard case .call(let function, let arguments) = value.content, case .name(let name) = function.content else {
      throw ModelError(.invalidModel, "is no tensor, but another object of Python")
    }
    switch name {
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard let data = arguments.first else { break }
      return try tensor(data)
    case "torch._utils._rebuild_tensor_v2" where arguments.count >= 4:
      return try tensor(arguments, type: nil)
    case "torch._utils._rebuild_tensor_v3" where arguments.count >= 7:
      guard case .name(let type) = arguments[6].content else { break }
      return try tensor(arguments, type: type)
    default: break
    }
    throw ModelError(.invalidModel, "is made by \(name), and a pickle is never executed")
  }

  private func tensor(_ arguments: [PickledValue], type: String?) throws -> StoredTensor {
    guard case .reference(let reference) = arguments[0].content, case .tuple(let storage) = reference.content,
      storage.count >= 3, case .name(let kind) = storage[1].content, case .text(let key) = storage[2].content,
      case .integer(let offset) = arguments[1].content
    else { throw ModelError(.invalidModel, "lies in no storage") }
    guard let elementType = Self.elementTypes[type ?? kind] else {
      throw ModelError(.invalidModel, "has elements of \(type ?? kind)")
    }
    let path = "\(root)data/\(key)"
    guard let bytes = try zip.contents(of: path) else { throw ModelError(.invalidModel, "'\(path)' is missing") }
    return StoredTensor(
      type: elementType, sizes: try Self.integers(arguments[2]), strides: try Self.integers(arguments[3]),
      offset: offset, storage: bytes, path: path)
  }

  private static func integers(_ value: PickledValue) throws -> [Int] {
    guard case .tuple(let parts) = value.content else { throw ModelError(.invalidModel, "has no sizes or strides") }
    return try parts.map {
      guard case .integer(let number) = $0.content else {
        throw ModelError(.invalidModel, "has a size, stride or offset that is no number")
      }
      return number
    }
  }

  private static let elementTypes: [String: ElementType] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ShortStorage": .int16, "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
    "torch.ComplexFloatStorage": .complex64, "torch.ComplexDoubleStorage": .complex128, "torch.uint16": .uint16,
    "torch.uint32": .uint32, "torch.uint64": .uint64, "torch.float8_e4m3fn": .float8e4m3fn,
    "torch.float8_e5m2": .float8e5m2, "torch.float8_e4m3fnuz": .float8e4m3fnuz,
    "torch.float8_e5m2fnuz": .float8e5m2fnuz, "torch.float8_e8m0fnu": .float8e8m0,
  ]
}
