/// A dense tensor: what its elements are, and its shape where the rank is known.
package struct TensorType: Hashable, Sendable {
  package var elementType: ElementType
  /// `nil` for an unranked tensor.
  package var shape: Shape?

  package init(_ elementType: ElementType, _ shape: Shape?) {
    self.elementType = elementType
    self.shape = shape
  }

  package init(_ elementType: ElementType, _ dimensions: [Int]) {
    self.init(elementType, dimensions.map { .known($0) })
  }

  package var rank: Int? { shape?.count }
}

/// What a value is.
package indirect enum ValueType: Hashable, Sendable {
  case tensor(TensorType)
  case sparseTensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)
  case map(key: ElementType, value: ValueType)
  case opaque(domain: ByteString, name: ByteString)
  /// Nothing is known, not even the kind. Legal.
  case unknown

  package static func tensor(_ elementType: ElementType, _ shape: Shape?) -> ValueType {
    .tensor(TensorType(elementType, shape))
  }

  /// The tensor type of a dense tensor.
  package var tensor: TensorType? {
    if case .tensor(let type) = self { type } else { nil }
  }
}

extension ValueType {
  /// Whether a value may be both: what is known of the two does not contradict.
  package func isCompatible(with other: ValueType) -> Bool { merged(with: other) != nil }

  /// What both tell together, `self` preferred where they say the same in different words; `nil` where they contradict.
  package func merged(with other: ValueType) -> ValueType? {
    switch (self, other) {
    case (.unknown, _): return other
    case (_, .unknown): return self
    case (.tensor(let a), .tensor(let b)): return a.merged(with: b).map { .tensor($0) }
    case (.sparseTensor(let a), .sparseTensor(let b)): return a.merged(with: b).map { .sparseTensor($0) }
    case (.sequence(let a), .sequence(let b)): return a.merged(with: b).map { .sequence($0) }
    case (.optional(let a), .optional(let b)): return a.merged(with: b).map { .optional($0) }
    case (.map(let k, let a), .map(let l, let b)):
      guard k == l else { return nil }
      return a.merged(with: b).map { .map(key: k, value: $0) }
    case (.opaque, .opaque): return self == other ? self : nil
    case (.tensor, _), (.sparseTensor, _), (.sequence, _), (.optional, _), (.map, _), (.opaque, _): return nil
    }
  }
}

extension TensorType {
  package func merged(with other: TensorType) -> TensorType? {
    if self == other { return self }
    guard elementType == other.elementType else { return nil }
    guard let a = shape else { return other }
    guard let b = other.shape else { return self }
    guard a.count == b.count else { return nil }
    let merged = zip(a, b).compactMap { $0.merged(with: $1) }
    return merged.count == a.count ? TensorType(elementType, merged) : nil
  }
}
