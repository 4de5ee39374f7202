import CModelProtos
import Formats
import IR

/// A layer in Caffe's newest form, whatever form its file says it in.
struct Layer {
  let name: ByteString
  let type: ByteString
  let bottoms: [ByteString]
  let tops: [ByteString]
  /// The names of its parameters, under which layers share them; empty where one has none.
  let parameterNames: [ByteString]
  let blobs: [UnpackedMessage<Caffe__BlobProto>]
  /// Everything else. What this points to lives as long as the document, and as the storage of upgraded layers.
  let message: Caffe__LayerParameter
  /// Where the file says it: the field of the network, and the how manieth of its elements.
  let origin: (field: UInt32, index: Int)

  /// As messages name it.
  var place: String { "layer '\(name.text)' (\(type.text))" }

  /// The parameters of its type, with Caffe's defaults where the file has none.
  func parameters<Message>(
    _ field: KeyPath<Caffe__LayerParameter, UnsafeMutablePointer<Message>?>,
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void
  ) -> Message {
    if let message = message[keyPath: field] { return message.pointee }
    return withUnsafeTemporaryAllocation(of: Message.self, capacity: 1) { buffer in
      initialize(buffer.baseAddress)
      return buffer[0]
    }
  }
}

extension Layer {
  /// A layer of the newest form.
  init(_ message: Caffe__LayerParameter, origin: (field: UInt32, index: Int)) {
    name = ByteString(message.name)
    type = ByteString(message.type)
    bottoms = texts(message.bottom, message.n_bottom)
    tops = texts(message.top, message.n_top)
    parameterNames = messages(message.param, message.n_param).map { ByteString($0.pointee.name) }
    blobs = messages(message.blobs, message.n_blobs)
    self.message = message
    self.origin = origin
  }
}

/// The texts of a repeated field.
func texts(_ start: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) -> [ByteString] {
  UnsafeBufferPointer(start: start, count: count).map { ByteString($0) }
}

/// The numbers of a repeated field.
func numbers(_ start: UnsafeMutablePointer<some BinaryInteger>?, _ count: Int) -> [Int] {
  UnsafeBufferPointer(start: start, count: count).map { Int(truncatingIfNeeded: $0) }
}

extension UnsafeMutablePointer<Caffe__BlobShape> {
  /// The extents that the message says.
  var dimensions: [Int] { numbers(pointee.dim, pointee.n_dim) }
}
