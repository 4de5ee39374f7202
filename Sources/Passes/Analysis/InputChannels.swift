import IR

/// What of a weight is multiplied with each channel of the input, and goes into each channel of the output.
struct InputChannels {
  /// How many there are in the input.
  let count: Int
  let outputs: Int
  /// How channels of the input lie in the weight.
  let layout: ChannelLayout
  /// The input's channel of each channel of `layout`.
  let table: [Int]
  /// The output's channel of each channel of `layout`; of a matrix that is stored by columns, it follows from the place
  /// within a run.
  private let owners: [Int]?

  /// `nil` where `weight` is not one of a convolution or of a product that sums up the last axis.
  init?(of weight: TensorLiteral, _ product: Operation) {
    let dimensions = weight.dimensions
    if product.is(.conv) {
      guard dimensions.count > 2, let group = product.int("group"), group > 0, dimensions[0] > 0,
        dimensions[0].isMultiple(of: group),
        let layout = ChannelLayout([dimensions[0] * dimensions[1]] + dimensions[2...], axis: 0)
      else { return nil }
      let inputs = dimensions[1]
      let perGroup = dimensions[0] / group
      count = inputs * group
      outputs = dimensions[0]
      self.layout = layout
      table = (0..<dimensions[0] * inputs).map { $0 / inputs / perGroup * inputs + $0 % inputs }
      owners = (0..<dimensions[0] * inputs).map { $0 / inputs }
      return
    }
    guard product.is(.gemm) || product.is(.matMul), dimensions.count == 2, !product.flag("transA"),
      let layout = ChannelLayout(dimensions, axis: product.flag("transB") ? 1 : 0)
    else { return nil }
    count = layout.channels
    outputs = dimensions[product.flag("transB") ? 0 : 1]
    self.layout = layout
    table = Array(0..<layout.channels)
    owners = nil
  }

  /// For each output, the sum of its weights, each times the number of its input channel.
  func products(of weight: TensorLiteral, with numbers: [Double], _ context: PassContext) throws -> [Double] {
    let parts = try WeightReading([weight], threads: context.threads).map { window in
      var sums = Array(repeating: 0.0, count: outputs)
      try window.forEachBlock { block, first in
        for index in 0..<block.count / 4 {
          let element = first + index
          let channel = element / layout.inner % layout.channels
          let output =
            owners.map { $0[channel] } ?? (layout.inner == 1 ? element / layout.channels : element % layout.inner)
          let number = block.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          sums[output] += Double(number) * numbers[table[channel]]
        }
      }
      return sums
    }
    return parts.reduce(Array(repeating: 0, count: outputs)) { zip($0, $1).map { $0 + $1 } }
  }
}
