import CModelProtos
import Formats
import IR

/// A node of a graph or of a function: its operator, what it takes, and its attributes.
final class GraphNode: IdentityHashable {
  let name: ByteString
  let operation: ByteString
  /// The tensors that it takes, as the file says them: `name`, `name:1` or, inside a function, `name:output:1`.
  let inputs: [ByteString]
  /// The nodes that are to run before it.
  let controls: [ByteString]
  private let attributes: [ByteString: Tensorflow__AttrValue]

  init(_ message: UnpackedMessage<Tensorflow__NodeDef>) {
    let node = message.pointee
    name = ByteString(node.name)
    operation = ByteString(node.op)
    let all = UnsafeBufferPointer(start: node.input, count: node.n_input).map { ByteString($0) }
    let isControl: (ByteString) -> Bool = { $0.bytes.first == UInt8(ascii: "^") }
    inputs = all.filter { !isControl($0) }
    controls = all.filter(isControl).map { ByteString($0.bytes.dropFirst()) }
    var attributes: [ByteString: Tensorflow__AttrValue] = [:]
    for entry in messages(node.attr, node.n_attr) {
      attributes[ByteString(entry.pointee.key)] = entry.pointee.value?.pointee
    }
    self.attributes = attributes
  }

  /// `node 'conv1' (Conv2D)`: how messages name it.
  var place: String { "node '\(name.text)' (\(operation.text))" }

  // MARK: Attributes

  func has(_ name: ByteString) -> Bool { attributes[name] != nil }

  func integer(_ name: ByteString) -> Int? {
    guard let value = attributes[name], value.has_i != 0 else { return nil }
    return Int(value.i)
  }

  func float(_ name: ByteString) -> Float? {
    guard let value = attributes[name], value.has_f != 0 else { return nil }
    return value.f
  }

  /// Whether the attribute is there and true.
  func flag(_ name: ByteString) -> Bool { (attributes[name]?.b ?? 0) != 0 }

  func text(_ name: ByteString) -> ByteString? {
    guard let value = attributes[name], value.has_s != 0 else { return nil }
    return ByteString(value.s)
  }

  /// The numbers of a list; `nil` where the attribute is absent.
  func integers(_ name: ByteString) -> [Int]? {
    guard let value = attributes[name], let list = value.list?.pointee else { return nil }
    return UnsafeBufferPointer(start: list.i, count: list.n_i).map { Int($0) }
  }

  /// The numbers of a list; `nil` where the attribute is absent.
  func floats(_ name: ByteString) -> [Float]? {
    guard let value = attributes[name], let list = value.list?.pointee else { return nil }
    return Array(UnsafeBufferPointer(start: list.f, count: list.n_f))
  }

  /// The number that TensorFlow gives a type.
  func typeNumber(_ name: ByteString) -> Int? {
    guard let value = attributes[name], value.has_type != 0 else { return nil }
    return Int(value.type)
  }

  /// - Throws: `ModelError` where the attribute is absent, or no type of dense tensors.
  func type(_ name: ByteString) throws -> ElementType {
    guard let number = typeNumber(name) else { throw ModelError(.invalidModel, "has no type '\(name.text)'") }
    return try ElementType(tensorFlow: number)
  }

  func shape(_ name: ByteString) -> UnpackedMessage<Tensorflow__TensorShapeProto>? {
    attributes[name]?.shape.map { UnpackedMessage($0) }
  }

  func shapes(_ name: ByteString) -> [UnpackedMessage<Tensorflow__TensorShapeProto>]? {
    guard let list = attributes[name]?.list?.pointee else { return nil }
    return messages(list.shape, list.n_shape)
  }

  func tensor(_ name: ByteString) -> UnpackedMessage<Tensorflow__TensorProto>? {
    attributes[name]?.tensor.map { UnpackedMessage($0) }
  }

  /// The name of the function that the attribute says.
  func function(_ name: ByteString) -> ByteString? {
    attributes[name]?.func.map { ByteString($0.pointee.name) }
  }

  /// The names of the functions that the attribute lists.
  func functions(_ name: ByteString) -> [ByteString] {
    guard let list = attributes[name]?.list?.pointee else { return [] }
    return messages(list.func, list.n_func).map { ByteString($0.pointee.name) }
  }
}
