extension OpCatalog {
  static let convolutionFamily: [OpDefinition] = [
    .causalConvWithState, .conv, .convInteger, .convTranspose, .deformConv, .qLinearConv,
  ]
}

extension OpDefinition {
  /// A causal depthwise 1-D convolution that hands its last inputs on to the next step. ONNX CausalConvWithState-27.
  package static let causalConvWithState = OpDefinition(
    "CausalConvWithState", versions: [27],
    "A causal depthwise 1-D convolution that hands its last inputs on to the next step.",
    operands: [
      .required("input", .halfOrSingle), .required("weight", sameElementTypeAs: "input"),
      .optional("bias", sameElementTypeAs: "input"), .optional("past_state", sameElementTypeAs: "input"),
    ],
    results: [
      .required("output", sameElementTypeAs: "input"), .required("present_state", sameElementTypeAs: "input"),
    ],
    attributes: [.string("activation", default: "none")],
    infer: { try $0.inferCausalConvolution() }, verify: oneOf("activation", ["none", "silu", "swish"]))

  /// Slides each of the filters `W` over the spatial axes of `X`. ONNX Conv-22.
  package static let conv = OpDefinition(
    "Conv", versions: [1, 11, 22], "Slides filters over the spatial axes of a tensor, and adds a bias a filter.",
    operands: [.required("X", .float), .required("W", sameElementTypeAs: "X"), .optional("B", sameElementTypeAs: "X")],
    results: [.required("Y", sameElementTypeAs: "X")], attributes: window,
    infer: { inference in
      let shape = try inference.convolutionShape(input: 0, weight: 1, bias: 2)
      inference.set(elementTypeOf: 0, shape)
    })

  /// The convolution of integers, each less its zero point, in 32 bits. ONNX ConvInteger-10.
  package static let convInteger = OpDefinition(
    "ConvInteger", versions: [10], "The convolution of integers, each less its zero point, in 32 bits.",
    operands: [
      .required("x", .byte), .required("w", .byte), .optional("x_zero_point", sameElementTypeAs: "x"),
      .optional("w_zero_point", sameElementTypeAs: "w"),
    ],
    results: [.required("y", .int32)], attributes: window,
    infer: { $0.set(.tensor(.int32, try $0.convolutionShape(input: 0, weight: 1, bias: nil))) })

  /// The convolution's gradient with respect to its input: each element of `X` spreads a filter. ONNX ConvTranspose-22.
  package static let convTranspose = OpDefinition(
    "ConvTranspose", versions: [1, 11, 22],
    "Spreads filters from each element of a tensor: the gradient of a convolution.",
    operands: [.required("X", .float), .required("W", sameElementTypeAs: "X"), .optional("B", sameElementTypeAs: "X")],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: (window + [.ints("output_padding"), .ints("output_shape")]).sorted { $0.name < $1.name },
    infer: { $0.set(elementTypeOf: 0, try $0.transposedConvolutionShape()) })

  /// A convolution whose window is deformed by an offset for each of its elements. ONNX DeformConv-22.
  package static let deformConv = OpDefinition(
    "DeformConv", versions: [19, 22], "A convolution whose window is deformed by an offset for each of its elements.",
    operands: [
      .required("X", .float), .required("W", sameElementTypeAs: "X"), .required("offset", sameElementTypeAs: "X"),
      .optional("B", sameElementTypeAs: "X"), .optional("mask", sameElementTypeAs: "X"),
    ],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"), .int("offset_group", default: 1),
      .ints("pads"), .ints("strides"),
    ],
    infer: { inference in
      _ = try inference.operation.integer("offset_group", atLeast: 1)
      let shape = try inference.convolutionShape(input: 0, weight: 1, bias: 3)
      inference.set(elementTypeOf: 0, shape)
    })

  /// The convolution of quantized tensors, quantized again. ONNX QLinearConv-10.
  package static let qLinearConv = OpDefinition(
    "QLinearConv", versions: [10], "The convolution of quantized tensors, quantized again.",
    operands: [
      .required("x", .byte), .required("x_scale", .float32), .required("x_zero_point", sameElementTypeAs: "x"),
      .required("w", .byte), .required("w_scale", .float32), .required("w_zero_point", sameElementTypeAs: "w"),
      .required("y_scale", .float32), .required("y_zero_point", .byte), .optional("B", .int32),
    ],
    results: [.required("y", sameElementTypeAs: "y_zero_point")], attributes: window,
    infer: { inference in
      let shape = try inference.convolutionShape(input: 0, weight: 3, bias: 8)
      inference.set(elementTypeOf: 7, shape)
    })

  private static let window: [AttributeDefinition] = [
    .string("auto_pad", default: "NOTSET"), .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"),
    .ints("pads"), .ints("strides"),
  ]
}

extension TypeInference {
  /// The shape of a convolution of the operand `input` by the filters `weight` (filters, channels a group, window...).
  fileprivate func convolutionShape(input: Int, weight: Int, bias: Int?) throws -> Shape? {
    let filters = shape(weight)
    let group = try operation.integer("group", atLeast: 1)
    guard let x = try spatialShape(input, like: filters) else { return nil }
    let window = try SpatialWindow(operation, kernel: try kernel(of: filters, rank: x.count - 2))
    let positions = try window.positions(over: Array(x[2...]))
    guard let filters, let group else { return [x[0], .unknown] + positions }
    try expect(
      x[1], equals: filters[1] * .known(group),
      "an input of \(x[1]) channels does not fit the weight \(filters) in \(group) groups")
    if let count = filters[0].value, !count.isMultiple(of: group) {
      throw ModelError(.invalidModel, "\(count) filters cannot be divided into \(group) groups")
    }
    if let bias, let addends = shape(bias) {
      guard addends.count == 1 else { throw ModelError(.invalidModel, "the bias has shape \(addends), not one axis") }
      try expect(addends[0], equals: filters[0], "a bias of \(addends[0]) elements for \(filters[0]) filters")
    }
    return [x[0], filters[0]] + positions
  }

  /// The input's shape; its rank is the weight's, and at least 3. Unknown extents where only the weight is known.
  private func spatialShape(_ input: Int, like filters: Shape?) throws -> Shape? {
    guard let rank = shape(input)?.count ?? filters?.count else { return nil }
    guard rank >= 3 else {
      throw ModelError(.invalidModel, "needs a batch, channels and at least one spatial axis, but the rank is \(rank)")
    }
    if let filters, filters.count != rank {
      throw ModelError(.invalidModel, "an input of rank \(rank) does not fit the weight \(filters)")
    }
    return shape(input) ?? Array(repeating: .unknown, count: rank)
  }

  /// The window of the filters, as `kernel_shape` or the weight says; where both do, they must agree.
  private func kernel(of filters: Shape?, rank: Int) throws -> Shape {
    let extents = filters.map { Array($0[2...]) } ?? Array(repeating: .unknown, count: rank)
    guard let written = operation.ints("kernel_shape"), !written.isEmpty else { return extents }
    let kernel = written.map { Dimension.known($0) }
    guard kernel.count == rank,
      let merged = TensorType(.float32, kernel).merged(with: TensorType(.float32, extents))?.shape
    else { throw ModelError(.invalidModel, "kernel_shape \(written) does not fit the weight \(filters ?? [])") }
    return merged
  }

  fileprivate func transposedConvolutionShape() throws -> Shape? {
    let filters = shape(1)
    let group = try operation.integer("group", atLeast: 1)
    guard let x = try spatialShape(0, like: filters) else { return nil }
    let rank = x.count - 2
    let window = try SpatialWindow(operation, kernel: try kernel(of: filters, rank: rank))
    let extra = try operation.integers("output_padding", count: rank, atLeast: 0)
    let channels: Dimension = if let filters, let group { filters[1] * .known(group) } else { .unknown }
    if let filters {
      try expect(x[1], equals: filters[0], "an input of \(x[1]) channels does not fit the weight \(filters)")
    }
    if let addends = shape(2) {
      guard addends.count == 1 else { throw ModelError(.invalidModel, "the bias has shape \(addends), not one axis") }
      try expect(addends[0], equals: channels, "a bias of \(addends[0]) elements for \(channels) filters")
    }
    if let wanted = try outputShape(rank: rank) { return [x[0], channels] + wanted }
    let spatial = try (0..<rank).map { axis in
      let spread =
        window.autoPad == .explicit || window.autoPad == .valid
        ? .known(window.strides[axis]) * (x[axis + 2] - .known(1)) + window.extent(axis)
        : .known(window.strides[axis]) * x[axis + 2]
      let extent = spread + .known(extra[axis]) - .known(window.before[axis]) - .known(window.after[axis])
      if let extent = extent.value, extent < 0 {
        throw ModelError(.invalidModel, "its pads cut away more than spatial axis \(axis) has")
      }
      return extent
    }
    return [x[0], channels] + spatial
  }

  /// What `output_shape` says of the spatial axes. Some files list the batch and the channels before them.
  private func outputShape(rank: Int) throws -> Shape? {
    guard let written = operation.ints("output_shape"), !written.isEmpty else { return nil }
    guard written.count == rank || written.count == rank + 2, written.allSatisfy({ $0 >= 0 }) else {
      throw ModelError(.invalidModel, "output_shape \(written) is no shape of \(rank) spatial axes")
    }
    return written.suffix(rank).map { .known($0) }
  }

  fileprivate mutating func inferCausalConvolution() throws {
    set(0, elementTypeOf: 0, shape(0))
    guard let x = shape(0), let filters = shape(1) else { return set(1, elementTypeOf: 0, nil) }
    guard x.count == 3, filters.count == 3 else {
      throw ModelError(.invalidModel, "an input \(x) and a weight \(filters), both of which must be of rank 3")
    }
    try expect(x[1], equals: filters[0], "an input of \(x[1]) channels does not fit the weight \(filters)")
    set(1, elementTypeOf: 0, [x[0], x[1], filters[2] - .known(1)])
  }

  /// Refuses two extents that certainly differ.
  func expect(_ found: Dimension, equals wanted: Dimension, _ message: @autoclosure () -> String) throws {
    guard found.isEqual(to: wanted) == false else { return }
    throw ModelError(.invalidModel, message())
  }
}
