import Synchronization

/// A whole transform of some literals, evaluated when its bytes are first asked for, and once.
package final class WholeEvaluation: Sendable {
  package let transform: any WholeTransform
  package let inputs: [TensorLiteral]
  private let evaluated = Mutex<Buffer?>(nil)

  package init(_ transform: any WholeTransform, of inputs: [TensorLiteral]) {
    self.transform = transform
    self.inputs = inputs
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
