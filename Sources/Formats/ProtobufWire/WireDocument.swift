import CModelProtos
import IR

/// A file of a protobuf format, checked and unpacked: small structures, and payloads that are still in the file.
package final class WireDocument<Root> {
  /// The outermost message. Valid, with all that hangs on it, while the document lives.
  package let root: UnsafeMutablePointer<Root>
  /// The contents of the fields that were taken out of the message.
  package let extracted: [ByteSlice]
  private let payloads: [ByteSlice]
  private let arena: UnpackArena

  /// - Parameters:
  ///   - schema: the schema of `Root`.
  ///   - format: what the file should be, for errors: `ONNX model`.
  /// - Throws: `ModelError` with the offset of what is damaged, nested too deep, or would take too much memory.
  init(_ file: ByteSlice, _ schema: WireSchema, _ limits: WireScan.Limits, format: String) throws {
    let scanned = try WireScan.scan(file, schema, limits)
    arena = UnpackArena(budget: limits.memory)
    let unpacked = scanned.message.withUnsafeBytes { [arena] message in arena.unpack(schema.root, message) }
    if arena.isOutOfMemory { throw ModelError(.outOfMemory, "there is no memory for its structure") }
    guard let unpacked else { throw ModelError(.invalidModel, "is no \(format), or a damaged one") }
    root = UnsafeMutableRawPointer(unpacked).assumingMemoryBound(to: Root.self)
    payloads = scanned.payloads
    extracted = scanned.extracted
  }

  /// The payload that a `bytes` field of the role refers to.
  package func payload(_ reference: ProtobufCBinaryData) throws -> ByteSlice {
    guard reference.len == 8, let data = reference.data else { throw Self.missingPayload }
    return try payload(UnsafeRawPointer(data).loadUnaligned(as: UInt64.self))
  }

  /// The payload at `index` of the table.
  package func payload(_ index: some BinaryInteger) throws -> ByteSlice {
    guard let index = Int(exactly: index), payloads.indices.contains(index) else { throw Self.missingPayload }
    return payloads[index]
  }

  private static var missingPayload: ModelError {
    ModelError(.internalFailure, "a payload is not in the table")
  }
}

extension WireScan.Limits {
  /// What reading a file of `byteCount` bytes may take, all structures together.
  static func memory(byteCount: Int) -> Int {
    // No file is long enough for this to overflow.
    (64 << 20) + 16 * min(byteCount, 1 << 56)
  }
}
