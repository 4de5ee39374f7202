import CModelProtos
import IR

/// The weights that a message refers to: where a `bytes` field has one, it points to a placeholder, which is recognized
/// when the message is packed.
final class PayloadTable {
  private var literals: [UnsafePointer<UInt8>: TensorLiteral] = [:]
  /// The first and the last placeholder in memory. Most of what a message consists of lies elsewhere, on the stack.
  private var bounds: ClosedRange<UnsafePointer<UInt8>>?
  private let arena: MessageArena

  init(_ arena: MessageArena) {
    self.arena = arena
  }

  /// What a `bytes` field holds for the packed elements of `literal`. Its bytes must not be read.
  func placeholder(for literal: TensorLiteral) -> ProtobufCBinaryData {
    let byte = arena.array([UInt8(0)])
    if let place = byte.map({ UnsafePointer($0) }) {
      literals[place] = literal
      bounds = min(place, bounds?.lowerBound ?? place)...max(place, bounds?.upperBound ?? place)
    }
    return ProtobufCBinaryData(len: literal.byteCount, data: byte)
  }

  subscript(data: UnsafePointer<UInt8>) -> TensorLiteral? {
    guard let bounds, bounds.contains(data) else { return nil }
    return literals[data]
  }
}

extension OutputLayout {
  /// The message as protobuf encodes it, weights at their places.
  init(_ message: UnsafePointer<ProtobufCMessage>, _ payloads: PayloadTable) {
    self.init()
    let packer = Packer(payloads)
    var buffer = Packer.Buffer(
      base: ProtobufCBuffer(append: Packer.append), packer: Unmanaged.passUnretained(packer))
    withUnsafeMutablePointer(to: &buffer) { buffer in
      _ = protobuf_c_message_pack_to_buffer(
        message, UnsafeMutableRawPointer(buffer).assumingMemoryBound(to: ProtobufCBuffer.self))
    }
    packer.finish()
    self = packer.layout
  }
}

/// Takes what libprotobuf-c packs, piece by piece. It hands on a field's pointer without reading what is there.
private final class Packer {
  struct Buffer {
    /// First, so that libprotobuf-c's pointer to it is a pointer to all.
    var base: ProtobufCBuffer
    let packer: Unmanaged<Packer>
  }

  private(set) var layout = OutputLayout()
  private var pending: [UInt8] = []
  private let payloads: PayloadTable

  init(_ payloads: PayloadTable) {
    self.payloads = payloads
  }

  static let append: @convention(c) (UnsafeMutablePointer<ProtobufCBuffer>?, Int, UnsafePointer<UInt8>?) -> Void = {
    buffer, count, data in
    guard let buffer, let data else { return }
    UnsafeMutableRawPointer(buffer).assumingMemoryBound(to: Buffer.self).pointee.packer.takeUnretainedValue()
      .append(UnsafeBufferPointer(start: data, count: count))
  }

  private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let data = bytes.baseAddress, let literal = payloads[data] else { return pending.append(contentsOf: bytes) }
    finish()
    layout.append(.literal(literal))
  }

  func finish() {
    layout.append(.bytes(pending))
    pending = []
  }
}
