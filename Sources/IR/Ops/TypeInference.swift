/// What an operator's inference sees of one operation, and where it puts what it finds.
///
/// Absent operands, unranked and unknown types are normal: inference says what can be said, and throws only for what is
/// certainly wrong.
package struct TypeInference {
  package let operation: Operation
  package private(set) var resultTypes: [ValueType]
  /// One an operation's result, or none at all: few operators know any.
  private var knownContents: [[Dimension]?] = []

  package init(_ operation: Operation) {
    self.operation = operation
    resultTypes = operation.results.map { _ in .unknown }
  }

  /// The type of an operand; `unknown` where it is absent.
  package func type(_ index: Int) -> ValueType { operation.operand(index)?.type ?? .unknown }

  /// The tensor type of an operand; `nil` where it is absent, no tensor, or not known.
  package func tensor(_ index: Int) -> TensorType? { type(index).tensor }

  /// The shape of an operand; `nil` where it is not known.
  package func shape(_ index: Int) -> Shape? { tensor(index)?.shape }

  /// The elements of a small integer operand, as far as they are known: a constant's, or what flowed through a shape
  /// computation.
  package func contents(_ index: Int) -> [Dimension]? { operation.operand(index)?.contents }

  /// The elements of a small operand of rank 0 or 1, `unknown` where nothing flowed here; `nil` where not even their
  /// number is known.
  package func elements(_ index: Int) -> [Dimension]? {
    if let contents = contents(index) { return contents }
    guard let shape = shape(index), shape.count <= 1, let count = shape.elementCount.value,
      SmallIntegers.counts.contains(count)
    else { return nil }
    return Array(repeating: .unknown, count: count)
  }

  /// The elements of a small integer operand where all are numbers.
  package func integers(_ index: Int) -> [Int]? {
    guard let contents = contents(index) else { return nil }
    return contents.knownDimensions
  }

  /// Sets the type of the first result.
  package mutating func set(_ type: ValueType) { set(0, type) }

  /// Sets the type of the result at `index`; does nothing where the operation has no such result.
  package mutating func set(_ index: Int, _ type: ValueType) {
    guard resultTypes.indices.contains(index) else { return }
    resultTypes[index] = type
  }

  /// Sets the first result to a tensor type whose element type is that of the operand `source`.
  package mutating func set(elementTypeOf source: Int, _ shape: Shape?) { set(0, elementTypeOf: source, shape) }

  /// Sets a tensor type, the element type being that of the operand `source`; nothing is known while that is not.
  package mutating func set(_ index: Int, elementTypeOf source: Int, _ shape: Shape?) {
    guard let elementType = tensor(source)?.elementType else { return }
    set(index, .tensor(elementType, shape))
  }

  /// Sets what is known of the elements of the first result.
  package mutating func setContents(_ contents: [Dimension]?) { setContents(0, contents) }

  /// Sets what is known of the elements of a result, whose type must have been set before. Kept where the result is a
  /// small integer tensor of rank 0 or 1 with that many elements; numbers that its element type cannot hold become
  /// unknown.
  package mutating func setContents(_ index: Int, _ contents: [Dimension]?) {
    guard let contents, SmallIntegers.counts.contains(contents.count), resultTypes.indices.contains(index),
      let type = resultTypes[index].tensor, let range = SmallIntegers.range(of: type.elementType),
      let shape = type.shape, shape.count <= 1, shape.elementCount == .known(contents.count)
    else { return }
    let keepsSymbols = contents.count <= SmallIntegers.maximumSymbolicCount
    let held = contents.map { element in
      let isHeld = element.value.map { range.contains($0) } ?? keepsSymbols
      return isHeld ? element : .unknown
    }
    guard held.isEmpty || !held.allSatisfy(\.isUnknown) else { return }
    if knownContents.isEmpty { knownContents = Array(repeating: nil, count: resultTypes.count) }
    knownContents[index] = held
  }

  /// What is known of the elements of the result at `index`.
  func resultContents(_ index: Int) -> [Dimension]? { knownContents.isEmpty ? nil : knownContents[index] }

  /// An axis counted from the front. Throws where it is outside `-rank ..< rank`.
  package func axis(_ axis: Int, rank: Int, _ name: String = "axis") throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw ModelError(.invalidModel, "\(name) \(axis) is outside a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes counted from the front. Throws where one is outside the rank, or named twice.
  package func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let normalized = try axes.map { try axis($0, rank: rank, "axis") }
    guard Set(normalized).count == normalized.count else {
      throw ModelError(.invalidModel, "axes \(axes) name an axis twice")
    }
    return normalized
  }
}
