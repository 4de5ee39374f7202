/// What a value of a graph is while the graph runs.
package indirect enum RuntimeValue: Sendable {
  case tensor(TensorLiteral)
  case sequence([RuntimeValue])
  /// An optional, with what it holds.
  case optional(RuntimeValue?)
  /// A map, whose keys and values are tensors of rank 1, matched by position.
  case map(keys: TensorLiteral, values: RuntimeValue)

  /// The tensor that it is, or that an optional holds.
  package var tensor: TensorLiteral? {
    switch self {
    case .tensor(let literal): literal
    case .optional(let value): value?.tensor
    case .sequence, .map: nil
    }
  }

  /// The sequence that it is, or that an optional holds.
  package var elements: [RuntimeValue]? {
    switch self {
    case .sequence(let elements): elements
    case .optional(let value): value?.elements
    case .tensor, .map: nil
    }
  }

  /// The bytes that its tensors take.
  package var byteCount: Int {
    switch self {
    case .tensor(let literal): literal.byteCount
    case .sequence(let elements): elements.reduce(0) { $0 &+ $1.byteCount }
    case .optional(let value): value?.byteCount ?? 0
    case .map(let keys, let values): keys.byteCount &+ values.byteCount
    }
  }
}
