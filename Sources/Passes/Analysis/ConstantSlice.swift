import IR

/// A Slice whose positions are all constant, its axes counted from the front.
struct ConstantSlice {
  let axes: [Int]
  let starts: [Int]
  let ends: [Int]
  let steps: [Int]

  init(axes: [Int], starts: [Int], ends: [Int], steps: [Int]) {
    (self.axes, self.starts, self.ends, self.steps) = (axes, starts, ends, steps)
  }

  init?(_ operation: Operation) {
    guard operation.is(.slice), let shape = operation.operand(0)?.tensorType?.shape,
      let starts = operation.operand(1)?.constantIntegers, let ends = operation.operand(2)?.constantIntegers,
      starts.count == ends.count
    else { return nil }
    var axes = Array(starts.indices)
    if let operand = operation.operand(3) {
      guard let written = operand.constantIntegers else { return nil }
      axes = written.map { $0 < 0 ? $0 + shape.count : $0 }
    }
    var steps = starts.map { _ in 1 }
    if let operand = operation.operand(4) {
      guard let written = operand.constantIntegers else { return nil }
      steps = written
    }
    guard axes.count == starts.count, steps.count == starts.count, Set(axes).count == axes.count,
      axes.allSatisfy({ shape.indices.contains($0) })
    else { return nil }
    self.axes = axes
    self.steps = steps
    // From the front, where the extent says what that is.
    func fromFront(_ positions: [Int]) -> [Int] {
      positions.indices.map { index in
        guard steps[index] > 0, positions[index] < 0, let extent = shape[axes[index]].value else {
          return positions[index]
        }
        return max(positions[index] + extent, 0)
      }
    }
    self.starts = fromFront(starts)
    self.ends = zip(fromFront(ends), axes).enumerated().map { index, end in
      guard steps[index] > 0, let extent = shape[end.1].value else { return end.0 }
      return min(end.0, extent)
    }
  }

  /// What this and then `next` take; `nil` where both cut an axis in other ways than one by one from the front.
  func followed(by next: ConstantSlice) -> ConstantSlice? {
    var ranges = Dictionary(uniqueKeysWithValues: axes.indices.map { (axes[$0], (starts[$0], ends[$0], steps[$0])) })
    for index in next.axes.indices {
      let (start, end, step) = (next.starts[index], next.ends[index], next.steps[index])
      guard let (first, last, firstStep) = ranges[next.axes[index]] else {
        ranges[next.axes[index]] = (start, end, step)
        continue
      }
      guard firstStep == 1, step == 1, first >= 0, last >= 0, start >= 0, end >= 0 else { return nil }
      let (newStart, overflow) = first.addingReportingOverflow(start)
      let (newEnd, endOverflow) = first.addingReportingOverflow(end)
      ranges[next.axes[index]] = (overflow ? Int.max : newStart, endOverflow ? last : min(newEnd, last), 1)
    }
    let sorted = ranges.sorted { $0.key < $1.key }
    return ConstantSlice(
      axes: sorted.map(\.key), starts: sorted.map(\.value.0), ends: sorted.map(\.value.1),
      steps: sorted.map(\.value.2))
  }

  /// Puts this slice of `source` in the place of `operation`, which is one.
  func replace(_ operation: Operation, of source: Value, _ context: PassContext) throws {
    var operands: [Value?] = [source]
    let lists = [starts, ends, axes] + (steps.allSatisfy { $0 == 1 } ? [] : [steps])
    for (index, list) in lists.enumerated() {
      let name = operation.operand(index + 1)?.name ?? operation.result()?.name ?? "slice"
      operands.append(
        try context.rewriter.insertConstant(TensorLiteral.integers(list), name: name, before: operation))
    }
    let slice = try context.rewriter.insert(.slice, operands, before: operation)
    try context.rewriter.replace(operation, with: slice.presentResults)
  }
}
