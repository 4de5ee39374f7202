import IR

extension Lowering {
  /// Parts of a tensor along an axis, which share its elements.
  static let partitions: [String: Lowering] = [
    "aten.split.Tensor": parts { try $0.split(by: "split_size") },
    "aten.split.sizes": parts { try $0.split(sizes: "split_size") },
    "aten.split_with_sizes": parts { try $0.split(sizes: "split_sizes") },
    "aten.chunk": parts { try $0.chunks() },
    "aten.unsafe_chunk": parts { try $0.chunks() },
    "aten.unsafe_split.Tensor": parts { try $0.split(by: "split_size") },
    "aten.tensor_split.sections": parts { try $0.sections() },
    "aten.tensor_split.indices": parts { try $0.sections() },
    "aten.hsplit": parts { call in try call.sections(along: call.rank(call.input()) == 1 ? 0 : 1) },
    "aten.vsplit": parts { try $0.sections(along: 0) }, "aten.dsplit": parts { try $0.sections(along: 2) },
    "aten.unbind": parts { try $0.unbound() },
  ]

  private static func parts(_ read: @escaping @Sendable (Call) throws -> [Value]) -> Lowering {
    .view(View(read: read))
  }
}

extension Call {
  fileprivate func split(by name: String) throws -> [Value] {
    let input = try input()
    let axis = try axis("dim", default: 0, rank: rank(input))
    let extent = try knownExtent(input, axis)
    let size = try int(name)
    guard size > 0 else { return [input] }
    return try equalParts(input, axis, each: size, of: extent)
  }

  private func equalParts(_ input: Value, _ axis: Int, each size: Int, of extent: Int) throws -> [Value] {
    let starts = Array(stride(from: 0, to: extent, by: size).prefix(maximumParts + 1))
    try checkCount(starts.count)
    return try split(input, axis, starts.isEmpty ? [0] : starts.map { min(size, extent - $0) })
  }

  /// `count` parts of an extent that is not known, the last one of what is left.
  private func equalParts(_ input: Value, _ axis: Int, _ count: Int, of extent: Value) throws -> [Value] {
    guard count == maximumParts else { throw UnsupportedForm("has other than \(count) parts") }
    let width = try op(.div, op(.add, extent, constant([count - 1])), constant([count]))
    return try (0..<count).map { index in
      let start = try index == 0 ? constant([0]) : op(.mul, width, constant([index]))
      let end = try index == count - 1 ? constant([.max]) : op(.mul, width, constant([index + 1]))
      return try op(.slice, input, start, end, constant([axis]))
    }
  }

  /// The results that the node has names for: no operation has more parts.
  private var maximumParts: Int {
    node.outputs.reduce(0) { count, output in
      if case .tensors(let names) = output { return count + names.count }
      return count + 1
    }
  }

  private func checkCount(_ count: Int) throws {
    guard count <= maximumParts else {
      throw ModelError(.invalidModel, "has \(maximumParts) results where there are more parts")
    }
  }

  fileprivate func split(sizes name: String) throws -> [Value] {
    let input = try input()
    let axis = try axis("dim", default: 0, rank: rank(input))
    let sizes = try extents(name)
    let known = sizes.compactMap(\.known)
    if known.count == sizes.count { return try split(input, axis, known) }
    return try ops(.split, [input, shapeOperand(sizes)], ["axis": .int(Int64(axis))], results: sizes.count)
  }

  fileprivate func chunks() throws -> [Value] {
    let input = try input()
    let axis = try axis("dim", default: 0, rank: rank(input))
    let count = try int("chunks")
    guard count > 0 else { throw ModelError(.invalidModel, "has \(count) chunks") }
    if case .symbolic(let extent) = try extent(of: input, axis), extent.contents?.first?.value == nil {
      return try equalParts(input, axis, count, of: extent)
    }
    let extent = try knownExtent(input, axis)
    return try equalParts(input, axis, each: max(extent / count + (extent % count == 0 ? 0 : 1), 1), of: extent)
  }

  fileprivate func sections(along given: Int? = nil) throws -> [Value] {
    let input = try input()
    let axis = try given ?? axis("dim", default: 0, rank: rank(input))
    if let indices = try optionalInts("indices") {
      let extent = try knownExtent(input, axis)
      let ends = indices.map { min(max($0 < 0 ? $0 + extent : $0, 0), extent) } + [extent]
      var start = 0
      let sizes = ends.map { end in
        defer { start = max(end, start) }
        return max(end - start, 0)
      }
      return try split(input, axis, sizes)
    }
    let (extent, count) = (try knownExtent(input, axis), try int("sections"))
    guard count > 0 else { throw ModelError(.invalidModel, "has \(count) sections") }
    try checkCount(count)
    return try split(input, axis, (0..<count).map { extent / count + ($0 < extent % count ? 1 : 0) })
  }

  fileprivate func unbound() throws -> [Value] {
    let input = try input()
    let axis = try axis("dim", default: 0, rank: rank(input))
    let extent = try knownExtent(input, axis)
    try checkCount(extent)
    return try split(input, axis, Array(repeating: 1, count: extent)).map { try squeeze($0, [axis]) }
  }
}
