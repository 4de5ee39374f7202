import IR

/// Einsum's operands seen along the axes of its equation: those that the result keeps, and those that are summed up.
struct EinsumAxes {
  /// The extents that the result keeps, in its order.
  private(set) var kept: [Int] = []
  private(set) var summed: [Int] = []
  /// One layout for each operand over the axes that are kept, and over those that are summed up.
  private(set) var keptLayouts: [Layout] = []
  private(set) var summedLayouts: [Layout] = []

  /// An axis of the equation: a letter, or one that an ellipsis stands for, counted from the last.
  private enum Axis: Hashable {
    case letter(UInt8)
    case hidden(Int)
  }

  /// - Throws: `Refusal` where the shapes do not fit the equation.
  init(_ equation: EinsumEquation, _ shapes: [[Int]]) throws {
    let widest =
      zip(equation.operands, shapes).map { labels, shape in
        labels.contains(.ellipsis) ? shape.count - labels.count + 1 : 0
      }.max() ?? 0
    guard widest >= 0 else { throw Refusal(.undefined, "a rank does not fit the equation") }
    func axes(_ labels: [EinsumEquation.Label], hidden: Int) -> [Axis] {
      labels.flatMap { label -> [Axis] in
        switch label {
        case .letter(let letter): [.letter(letter)]
        case .ellipsis: (0..<max(hidden, 0)).map { .hidden(hidden - 1 - $0) }
        }
      }
    }
    let terms = zip(equation.operands, shapes).map { labels, shape in
      axes(labels, hidden: labels.contains(.ellipsis) ? shape.count - labels.count + 1 : 0)
    }
    var extents: [Axis: Int] = [:]
    var order: [Axis] = []
    for (term, shape) in zip(terms, shapes) {
      guard term.count == shape.count else { throw Refusal(.undefined, "a rank does not fit the equation") }
      for (axis, extent) in zip(term, shape) {
        if extents[axis] == nil { order.append(axis) }
        let known = extents[axis] ?? 1
        guard known == 1 || extent == 1 || known == extent else {
          throw Refusal(.undefined, "axes of one letter differ")
        }
        extents[axis] = known == 1 ? extent : known
      }
    }
    let result = axes(equation.result, hidden: widest)
    let rest = order.filter { !result.contains($0) }
    kept = result.map { extents[$0] ?? 1 }
    summed = rest.map { extents[$0] ?? 1 }
    for (term, shape) in zip(terms, shapes) {
      let layout = Layout(shape)
      func steps(_ axis: Axis) -> Int {
        // An axis named twice in one term is its diagonal.
        term.indices.reduce(0) { $0 + (term[$1] == axis && shape[$1] != 1 ? layout.strides[$1] : 0) }
      }
      keptLayouts.append(Layout(kept, strides: result.map(steps)))
      summedLayouts.append(Layout(summed, strides: rest.map(steps)))
    }
  }
}
