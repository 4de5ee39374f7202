import IR

/// Puts elements that lie by strides in order, the last axis running fastest.
struct StridedCopy: WholeTransform {
  let sizes: [Int]
  let strides: [Int]
  /// The bytes of an element.
  let width: Int

  /// The product of the sizes; `Int.max` where that is too large.
  var elementCount: Int {
    if sizes.contains(0) { return 0 }
    return sizes.reduce(1) { product, size in
      let (result, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow ? .max / 64 : min(result, .max / 64)
    }
  }

  /// The bytes from the first element to the end of the last; `nil` where they cannot be counted.
  var extent: Int? {
    if sizes.contains(0) { return 0 }
    var last = 0
    for (size, stride) in zip(sizes, strides) {
      let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, isTooFar) = last.addingReportingOverflow(distance)
      guard !overflow, !isTooFar else { return nil }
      last = sum
    }
    let (bytes, overflow) = (last < .max ? last + 1 : last).multipliedReportingOverflow(by: width)
    return overflow ? nil : bytes
  }

  /// Whether the elements are in order already.
  var isContiguous: Bool {
    if sizes.contains(0) { return true }
    var expected = 1
    for (size, stride) in zip(sizes, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      let (product, overflow) = expected.multipliedReportingOverflow(by: size)
      guard !overflow else { return false }
      expected = product
    }
    return true
  }

  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
    guard let input = inputs.first, !output.isEmpty else { return }
    try input.withWindow(0..<input.elementCount) { source in
      var position = Array(repeating: 0, count: sizes.count)
      var from = 0
      for to in stride(from: 0, to: output.count, by: width) {
        // Sizes and strides were checked to stay inside.
        UnsafeMutableRawBufferPointer(rebasing: output[to..<to + width])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from * width..<(from + 1) * width]))
        for axis in sizes.indices.reversed() {
          position[axis] += 1
          from += strides[axis]
          guard position[axis] == sizes[axis] else { break }
          from -= strides[axis] * sizes[axis]
          position[axis] = 0
        }
      }
    }
    input.giveBackPages(0..<input.elementCount)
  }
}
