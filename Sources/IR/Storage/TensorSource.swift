/// Where the bytes of a literal come from.
///
/// Two sources are equal when they say the same (the same range of the same buffer, the same transform of the same
/// literal): identity, never content.
package indirect enum TensorSource: Hashable, Sendable {
  /// Packed little-endian elements, as `raw_data` has them.
  case bytes(ByteSlice)
  /// One element, repeated.
  case splat([UInt8])
  case strings([ByteString])
  /// Each element from the element at the same position of another literal.
  case elementwise(any ElementwiseTransform, TensorLiteral)
  /// Elements that depend on many elements of other literals: a transposition, a concatenation.
  case whole(WholeEvaluation)
  /// Bytes that a file keeps encoded: decoded where they are read, a block at a time.
  case blocks(any BlockSource)

  package static func == (a: TensorSource, b: TensorSource) -> Bool {
    switch (a, b) {
    case (.bytes(let x), .bytes(let y)): x == y
    case (.splat(let x), .splat(let y)): x == y
    case (.strings(let x), .strings(let y)): x == y
    case (.elementwise(let t, let x), .elementwise(let u, let y)): x == y && AnyHashable(t) == AnyHashable(u)
    case (.whole(let x), .whole(let y)): x == y
    case (.blocks(let x), .blocks(let y)): AnyHashable(x) == AnyHashable(y)
    case (.bytes, _), (.splat, _), (.strings, _), (.elementwise, _), (.whole, _), (.blocks, _): false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .bytes(let slice): hasher.combine(slice)
    case .splat(let bytes): hasher.combine(bytes)
    case .strings(let strings): hasher.combine(strings)
    case .elementwise(let transform, let literal):
      hasher.combine(AnyHashable(transform))
      hasher.combine(literal)
    case .whole(let evaluation): hasher.combine(evaluation)
    case .blocks(let blocks): hasher.combine(AnyHashable(blocks))
    }
  }
}

/// Makes a literal's elements from the elements at the same positions of another: prune's mask, quant8's rounding, a
/// folded scale.
///
/// Bytes are made while they are written, a window at a time and on several threads: a transform is a value, and
/// depends on nothing but its parameters, the input window and the position.
package protocol ElementwiseTransform: Hashable, Sendable {
  /// Fills `output` with the results for the elements of `input`, whose first is element `first` of the literal. A
  /// window starts on a byte boundary.
  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer)

  /// What does in one step what `inner` and then this transform do; `nil` where nothing is known to.
  func merged(after inner: any ElementwiseTransform) -> (any ElementwiseTransform)?
}

extension ElementwiseTransform {
  package func merged(after inner: any ElementwiseTransform) -> (any ElementwiseTransform)? { nil }
}

/// Makes a literal's bytes from other literals as a whole.
package protocol WholeTransform: Hashable, Sendable {
  /// Fills `output`, which has exactly the result's bytes.
  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws
}

/// A whole transform that makes any part of its result by itself.
package protocol PartwiseTransform: WholeTransform {
  /// Fills `output` with the result's bytes from `offset` on, which begins an element.
  func apply(to inputs: [TensorLiteral], from offset: Int, output: UnsafeMutableRawBufferPointer) throws
}
