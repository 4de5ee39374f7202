import IR

/// What a tensor of a TensorFlow graph becomes.
enum TensorFlowValue {
  case tensor(Value)
  /// The handle of a variable or of a table, by the name under which what it holds is kept.
  case resource(ByteString)
  case list(TensorList)
  /// Complex numbers, as pairs of real ones along a last axis more.
  case complex(Value)
  /// What an operator without a lowering made: whatever takes it is not lowered either.
  case unsupported

  /// Whether it is complex numbers as pairs, or as a constant, of which pairs are made where an operator takes it.
  var isComplex: Bool {
    switch self {
    case .complex: true
    case .tensor(let value): value.literal.map { ElementTypes.complex.contains($0.elementType) } ?? false
    case .resource, .list, .unsupported: false
    }
  }
}

/// A list of tensors as TensorFlow's loops read and write them.
indirect enum TensorList {
  /// The elements are the slices of a tensor along its first axis.
  case stacked(Value)
  /// Elements that were set one by one; `nil` for those that were not.
  case elements([Value?])
  /// So many elements, of which only the first ones were set.
  case reserved(first: [Value], count: Value)
  /// The list that a loop's body was given, for its state of that index.
  case carried(Int)
  /// `list` after an element was set, or appended where `index` is `nil`.
  case written(TensorList, index: Value?, element: Value)
}
