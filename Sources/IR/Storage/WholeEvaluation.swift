import Synchronization

/// A whole transform of some literals, evaluated when its bytes are first asked for, and once; or, where the transform
/// makes any part by itself and the inputs lie in memory, only what is asked for, each time.
package final class WholeEvaluation: Sendable {
  package let transform: any WholeTransform
  package let inputs: [TensorLiteral]
  /// The transform, where parts are made by themselves.
  private let parts: (any PartwiseTransform)?
  private let evaluated = Mutex<Buffer?>(nil)

  package init(_ transform: any WholeTransform, of inputs: [TensorLiteral]) {
    self.transform = transform
    self.inputs = inputs
    parts = inputs.allSatisfy(\.isStored) ? transform as? any PartwiseTransform : nil
  }

  /// Whether the result is never held as a whole.
  var isPartwise: Bool { parts != nil }

  /// Fills `output` with the result's bytes from `offset` on, a result of `byteCount` bytes.
  func read(from offset: Int, of byteCount: Int, into output: UnsafeMutableRawBufferPointer) throws {
    if let parts { return try parts.apply(to: inputs, from: offset, output: output) }
    let buffer = try buffer(byteCount: byteCount)
    output.copyMemory(from: UnsafeRawBufferPointer(start: buffer.base + offset, count: output.count))
  }

  /// Gives back the mapped pages of what parts are made from.
  func giveBackInputs() {
    guard isPartwise else { return }
    for input in inputs { input.giveBackPages(0..<input.elementCount) }
  }

  /// The result's bytes, of which there must be `byteCount`.
  func buffer(byteCount: Int) throws -> Buffer {
    try evaluated.withLock { evaluated in
      if let evaluated { return evaluated }
      let buffer = try Buffer.made(count: byteCount) { try transform.apply(to: inputs, output: $0) }
      evaluated = buffer
      return buffer
    }
  }

  /// Forgets the result: it is made again if it is asked for again. Called once a literal has been written.
  package func discard() {
    evaluated.withLock { $0 = nil }
    giveBackInputs()
  }
}

extension WholeEvaluation: Hashable {
  package static func == (a: WholeEvaluation, b: WholeEvaluation) -> Bool {
    a === b || (a.inputs == b.inputs && AnyHashable(a.transform) == AnyHashable(b.transform))
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(transform))
    hasher.combine(inputs)
  }
}
