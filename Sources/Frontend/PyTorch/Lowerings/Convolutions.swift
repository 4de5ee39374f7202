import IR

extension Lowering {
  static let convolutions: [String: Lowering] = [
    "aten.conv1d": convolution, "aten.conv2d": convolution, "aten.conv3d": convolution,
    "aten.conv_transpose1d": transposed, "aten.conv_transpose2d": transposed, "aten.conv_transpose3d": transposed,
    "aten.convolution": .one { try $0.bool("transposed") ? $0.transposedConvolution() : $0.convolution() },
    "aten._convolution": .one { try $0.bool("transposed") ? $0.transposedConvolution() : $0.convolution() },
    "aten.im2col": .one { try $0.columns() },
    "aten.col2im": .one { call in
      let image = try call.ints("output_size")
      return try call.op(
        .col2Im, call.input(), call.constant(image), call.constant(call.perAxis("kernel_size", 2)),
        attributes: [
          "dilations": .ints(call.perAxis("dilation", 2, default: 1).map { Int64($0) }),
          "pads": .ints(
            (call.perAxis("padding", 2, default: 0) + call.perAxis("padding", 2, default: 0)).map { Int64($0) }),
          "strides": .ints(call.perAxis("stride", 2, default: 1).map { Int64($0) }),
        ])
    },
  ]

  private static let convolution = Lowering.one { try $0.convolution() }
  private static let transposed = Lowering.one { try $0.transposedConvolution() }
}

extension Call {
  /// Calls `body` with the input, which gets a batch of one where it has none.
  func withBatch(_ input: Value, axes: Int, _ body: (Value) throws -> Value) throws -> Value {
    if try hasBatch(input, axes: axes) { return try body(input) }
    return try squeeze(body(unsqueeze(input, [0])), [0])
  }

  fileprivate func convolution() throws -> Value {
    let (input, weight) = (try value("input"), try value("weight"))
    let axes = try rank(weight) - 2
    guard axes > 0 else { throw ModelError(.invalidModel, "has a weight without spatial axes") }
    let dilations = try sizes("dilation", axes, default: 1)
    let attributes: Attributes = [
      "strides": .ints(try perAxis("stride", axes, default: 1).map { Int64($0) }),
      "dilations": .ints(dilations.map { Int64($0) }),
      "group": .int(Int64(try int("groups", default: 1))),
      "pads": .ints(try convolutionPads(weight, dilations).map { Int64($0) }),
    ]
    return try withBatch(input, axes: axes) {
      try op(.conv, $0, weight, optionalValue("bias"), attributes: attributes)
    }
  }

  /// The elements added before and after each axis.
  private func convolutionPads(_ weight: Value, _ dilations: [Int]) throws -> [Int] {
    guard case .string(let mode)? = argument("padding") else {
      let pads = try sizes("padding", dilations.count, default: 0)
      return pads + pads
    }
    guard mode == "same" else { return Array(repeating: 0, count: 2 * dilations.count) }
    let totals = try dilations.enumerated().map { axis, dilation in dilation * (try knownExtent(weight, axis + 2) - 1) }
    return totals.map { $0 / 2 } + totals.map { $0 - $0 / 2 }
  }

  fileprivate func transposedConvolution() throws -> Value {
    let (input, weight) = (try value("input"), try value("weight"))
    let axes = try rank(weight) - 2
    guard axes > 0 else { throw ModelError(.invalidModel, "has a weight without spatial axes") }
    let pads = try sizes("padding", axes, default: 0)
    let attributes: Attributes = [
      "strides": .ints(try perAxis("stride", axes, default: 1).map { Int64($0) }),
      "dilations": .ints(try perAxis("dilation", axes, default: 1).map { Int64($0) }),
      "group": .int(Int64(try int("groups", default: 1))),
      "output_padding": .ints(try perAxis("output_padding", axes, default: 0).map { Int64($0) }),
      "pads": .ints((pads + pads).map { Int64($0) }),
    ]
    return try withBatch(input, axes: axes) {
      try op(.convTranspose, $0, weight, optionalValue("bias"), attributes: attributes)
    }
  }

  /// The windows of an image, a column each.
  fileprivate func columns() throws -> Value {
    let input = try input()
    guard try rank(input) == 4 else { throw UnsupportedForm("has an operand that is no batch of images") }
    let (kernel, dilation) = (try sizes("kernel_size", 2), try sizes("dilation", 2, default: 1))
    let (padding, stride) = (try sizes("padding", 2, default: 0), try sizes("stride", 2, default: 1))
    guard (kernel + dilation + stride).allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw ModelError(.invalidModel, "has a window that is none")
    }
    var value = input
    if padding != [0, 0] {
      let pads = try constant([0, 0, padding[0], padding[1], 0, 0, padding[0], padding[1]])
      value = try op(.pad, value, pads)
    }
    for axis in [2, 3] {
      // After the first turn the second axis stands one further back.
      let (side, place) = (axis - 2, axis == 2 ? 2 : 4)
      let indices = try windowPositions(
        extent(of: input, axis), kernel[side], dilation[side], 2 * padding[side], stride[side])
      value = try op(.gather, value, indices, attributes: ["axis": .int(Int64(place))])
    }
    // Batch, channels, kernel and count of the rows, and of the columns.
    let extents = try extents(of: value)
    let moved = try transpose(value, [0, 1, 2, 4, 3, 5])
    let rows = try product([extents[1], extents[2], extents[4]])
    let columns = try product([extents[3], extents[5]])
    return try reshape(moved, [extents[0], rows, columns])
  }

  /// Where along a padded axis each element of each window is.
  private func windowPositions(
    _ extent: Extent, _ kernel: Int, _ dilation: Int, _ padding: Int, _ stride: Int
  ) throws -> Value {
    let margin = padding - dilation * (kernel - 1) - 1
    guard let known = extent.known else {
      let room = try op(.add, vector(extent), constant([margin]))
      let count = try op(.add, op(.div, room, constant([stride])), constant([1]))
      let starts = try op(.mul, range(to: .symbolic(count)), builder.constant(stride))
      return try op(.add, unsqueeze(constant((0..<kernel).map { $0 * dilation }), [1]), starts)
    }
    let count = (known + margin) / stride + 1
    guard count > 0, count <= 1 << 20, kernel * count <= 1 << 20 else { throw UnsupportedForm("has too many windows") }
    let grid = (0..<kernel).flatMap { k in (0..<count).map { $0 * stride + k * dilation } }
    return try reshape(builder.constant(TensorLiteral(int64s: grid)), [kernel, count])
  }
}
