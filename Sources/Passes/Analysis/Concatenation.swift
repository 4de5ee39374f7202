import IR

/// Tensors one after the other along an axis: for each position before the axis, a run of bytes from each.
struct Concatenation: WholeTransform {
  /// How many runs there are of each input.
  let outer: Int

  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
    guard outer > 0 else { return }
    let stride = output.count / outer
    var start = 0
    for input in inputs {
      let run = input.byteCount / outer
      let runElements = input.elementCount / outer
      guard run > 0 else { continue }
      let runsPerWindow = max(input.elementsPerWindow / runElements, 1)
      for first in Swift.stride(from: 0, to: outer, by: runsPerWindow) {
        let last = min(first + runsPerWindow, outer)
        try input.withWindow(first * runElements..<last * runElements) { window in
          for row in first..<last {
            let source = UnsafeRawBufferPointer(rebasing: window[(row - first) * run..<(row - first + 1) * run])
            let target = row * stride + start
            UnsafeMutableRawBufferPointer(rebasing: output[target..<target + run]).copyMemory(from: source)
          }
        }
        input.giveBackPages(first * runElements..<last * runElements)
      }
      start += run
    }
  }
}

extension TensorLiteral {
  /// `literals` joined along `axis` when they are written; `nil` where they do not fit each other, or elements do not fill
  /// bytes.
  static func joining(_ literals: [TensorLiteral], along axis: Int) throws -> TensorLiteral? {
    guard let first = literals.first, first.dimensions.indices.contains(axis), let width = first.elementType.bitWidth,
      width >= 8
    else { return nil }
    var dimensions = first.dimensions
    dimensions[axis] = 0
    for literal in literals {
      var others = literal.dimensions
      guard literal.elementType == first.elementType, others.count == dimensions.count else { return nil }
      let (length, overflow) = dimensions[axis].addingReportingOverflow(others[axis])
      others[axis] = dimensions[axis]
      guard !overflow, others == dimensions else { return nil }
      dimensions[axis] = length
    }
    let outer = dimensions[..<axis].reduce(1, *)
    return try TensorLiteral(
      first.elementType, dimensions, .whole(WholeEvaluation(Concatenation(outer: outer), of: literals)))
  }
}
