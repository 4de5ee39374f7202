import CModelProtos
import Glibc
import IR

/// The memory of one unpacked message: handed out in order, given back all at once, and never more than a budget.
///
/// libprotobuf-c trusts the counts in a message; the budget is what stops it.
final class UnpackArena {
  private var chunks: [UnsafeMutableRawPointer] = []
  private var free: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
  private var remaining: Int
  /// Whether the system had no more memory: then a message that was not unpacked need not be damaged.
  private(set) var isOutOfMemory = false

  private static let chunkSize = 256 << 10
  private static let alignment = 16

  init(budget: Int) {
    remaining = budget
  }

  deinit {
    for chunk in chunks { Glibc.free(chunk) }
  }

  /// Unpacks a message of the type that `descriptor` describes. The result lives as long as the arena.
  ///
  /// - Returns: `nil` where the bytes are no such message or the budget does not suffice.
  func unpack(
    _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, _ bytes: UnsafeRawBufferPointer
  ) -> UnsafeMutablePointer<ProtobufCMessage>? {
    var allocator = ProtobufCAllocator(
      alloc: { arena, size in
        guard let arena else { return nil }
        return Unmanaged<UnpackArena>.fromOpaque(arena).takeUnretainedValue().allocate(size)
      },
      free: { _, _ in },
      allocator_data: Unmanaged.passUnretained(self).toOpaque())
    return protobuf_c_message_unpack(
      descriptor, &allocator, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= remaining, let rounded = Self.roundedUp(size), rounded <= remaining else { return nil }
    if rounded > free.count {
      guard rounded <= Self.chunkSize / 4 else {
        guard let chunk = chunk(rounded) else { return nil }
        remaining -= rounded
        return chunk
      }
      guard let chunk = chunk(Self.chunkSize) else { return nil }
      free = UnsafeMutableRawBufferPointer(start: chunk, count: Self.chunkSize)
    }
    defer { free = UnsafeMutableRawBufferPointer(rebasing: free[rounded...]) }
    remaining -= rounded
    return free.baseAddress
  }

  private func chunk(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let chunk = malloc(size) else {
      isOutOfMemory = true
      return nil
    }
    chunks.append(chunk)
    return chunk
  }

  /// What an allocation of `size` bytes takes of the budget.
  static func roundedUp(_ size: Int) -> Int? {
    let (sum, overflow) = max(size, 1).addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum / alignment * alignment
  }
}
