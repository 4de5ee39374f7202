extension ValueType {
  /// What holds of a value that is the one or the other: a branch's result or the other branch's, a loop's value before
  /// or after.
  ///
  /// - Throws: `ModelError` where no type fits both.
  package func joined(with other: ValueType) throws -> ValueType {
    switch (self, other) {
    case (.unknown, _), (_, .unknown): return .unknown
    case (.tensor(let a), .tensor(let b)): return .tensor(try a.joined(with: b))
    case (.sparseTensor(let a), .sparseTensor(let b)): return .sparseTensor(try a.joined(with: b))
    case (.sequence(let a), .sequence(let b)): return .sequence(try a.joined(with: b))
    case (.optional(let a), .optional(let b)): return .optional(try a.joined(with: b))
    case (.map(let k, let a), .map(let l, let b)) where k == l: return .map(key: k, value: try a.joined(with: b))
    case (.opaque, .opaque) where self == other: return self
    // ONNX has loops that begin with nothing and end with something.
    case (.optional(let element), let other), (let other, .optional(let element)):
      _ = try element.joined(with: other)
      return .unknown
    case (.tensor, _), (.sparseTensor, _), (.sequence, _), (.map, _), (.opaque, _):
      throw ModelError(.invalidModel, "\(self) and \(other) are no types of one value")
    }
  }
}

extension TensorType {
  fileprivate func joined(with other: TensorType) throws -> TensorType {
    guard elementType == other.elementType else {
      throw ModelError(
        .invalidModel, "\(elementType.rawValue) and \(other.elementType.rawValue) are no types of one value")
    }
    guard let a = shape, let b = other.shape, a.count == b.count else { return TensorType(elementType, nil) }
    return TensorType(elementType, zip(a, b).map { $0.isEqual(to: $1) == true ? $0 : .unknown })
  }
}
