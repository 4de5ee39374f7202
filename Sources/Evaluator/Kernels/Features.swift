import IR

/// Operators of `ai.onnx.ml` that choose, join and scale features.
enum Features {
  static let kernels: [Kernel] = [
    Kernel(.arrayFeatureExtractor, extract),
    Kernel(.binarizer) { invocation in
      let x = try invocation.operand(0)
      let threshold = Double(invocation.operation.float("threshold") ?? 0)
      return [try invocation.make(x.elementType, invocation.numbers(0).map { $0 > threshold ? 1.0 : 0.0 })]
    },
    Kernel(.featureVectorizer, join),
    Kernel(.imputer, impute),
    Kernel(.normalizer, .rounding, normalize),
    Kernel(.scaler, .rounding, scale),
  ]

  private static func extract(_ invocation: Invocation) throws -> [TensorLiteral?] {
    try StringCarrier.run(invocation) { invocation in
      let x = try invocation.operand(0)
      let places = try invocation.wholeNumbers(1).elements
      guard let width = x.dimensions.last, places.allSatisfy({ $0 >= 0 && $0 < width }) else {
        throw Refusal(.undefined, "there is no such feature")
      }
      let taken = try Indexing.take(places.map { Int($0) }, of: x, along: x.dimensions.count - 1, invocation)
      // A vector gives one row.
      return [x.dimensions.count == 1 ? try invocation.reshape(taken, [1, places.count]) : taken]
    }
  }

  private static func join(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let parts = try invocation.operands.indices.map { try invocation.samples($0) }
    let widths = invocation.operation.ints("inputdimensions") ?? parts.map(\.width)
    guard let count = parts.first?.count, parts.allSatisfy({ $0.count == count }), widths.count == parts.count,
      widths.allSatisfy({ $0 >= 0 && $0 < 1 << 24 })
    else { throw Refusal(.undefined, "the inputs differ in samples, or their widths are not known") }
    let width = widths.reduce(0, &+)
    try invocation.admit([count, width])
    var elements: [Double] = []
    for row in 0..<count {
      for (part, width) in zip(parts, widths) {
        elements += part[row].prefix(width)
        elements += Array(repeating: 0, count: max(width - part.width, 0))
      }
    }
    return [try invocation.make(.float32, RealTensor([count, width], elements))]
  }

  private static func impute(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let type = try invocation.operand(0).elementType
    let operation = invocation.operation
    let isReal = type.numberKind == .real
    let wanted = isReal ? operation.float("replaced_value_float").map { Double($0) } : nil
    let replaced = wanted ?? Double(operation.int("replaced_value_int64") ?? 0)
    let given =
      isReal
      ? (operation.floats("imputed_value_floats") ?? []).map { Double($0) }
      : (operation.ints("imputed_value_int64s") ?? []).map { Double($0) }
    var data = try invocation.numbers(0)
    guard let width = data.dimensions.last, given.count == 1 || given.count == width else {
      throw Refusal(.undefined, "there is not one value a feature")
    }
    for (index, element) in data.elements.enumerated()
    where element == replaced || (element.isNaN && replaced.isNaN) {
      data.elements[index] = given[index % given.count]
    }
    return [try invocation.make(type, data)]
  }

  private static func normalize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let samples = try invocation.samples(0)
    var data = try invocation.numbers(0)
    for row in 0..<samples.count {
      let elements = samples[row]
      let norm: Double =
        switch invocation.operation.string("norm") {
        case "L1"?: elements.reduce(0) { $0 + abs($1) }
        case "L2"?: elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
        default: elements.max() ?? 1
        }
      for index in elements.indices where norm != 0 { data.elements[index] /= norm }
    }
    return [try invocation.make(.float32, data)]
  }

  private static func scale(_ invocation: Invocation) throws -> [TensorLiteral?] {
    var data = try invocation.numbers(0)
    let width = data.dimensions.last ?? 1
    let offsets = (invocation.operation.floats("offset") ?? [0]).map { Double($0) }
    let factors = (invocation.operation.floats("scale") ?? [1]).map { Double($0) }
    guard !offsets.isEmpty, !factors.isEmpty, [1, width].contains(offsets.count), [1, width].contains(factors.count)
    else { throw Refusal(.undefined, "there is not one factor a feature") }
    for index in data.elements.indices {
      data.elements[index] = (data.elements[index] - offsets[index % offsets.count]) * factors[index % factors.count]
    }
    return [try invocation.make(.float32, data)]
  }
}

/// Samples, and the features of each.
struct Samples {
  let count: Int
  let width: Int
  private let elements: [Double]

  fileprivate init(count: Int, width: Int, _ elements: [Double]) {
    self.count = count
    self.width = width
    self.elements = elements
  }

  /// The features of one sample.
  subscript(row: Int) -> ArraySlice<Double> { elements[row * width..<(row + 1) * width] }
}

extension Invocation {
  /// An operand as features of samples; a vector is one sample.
  ///
  /// - Throws: `Refusal` where it has another rank.
  func samples(_ index: Int) throws -> Samples {
    let tensor = try numbers(index)
    guard let width = tensor.dimensions.last, tensor.dimensions.count <= 2 else {
      throw Refusal(.undefined, "features have one axis, or two with samples, not \(tensor.dimensions.count)")
    }
    return Samples(count: tensor.dimensions.count == 1 ? 1 : tensor.dimensions[0], width: width, tensor.elements)
  }
}
