import IR

extension Lowering {
  /// Variances and means.
  static let statistics: [String: Lowering] = [
    "aten.var": .one { try $0.variance().0 },
    "aten.std": .one { try $0.op(.sqrt, $0.variance().0) },
    "aten.var_mean": .values {
      let (variance, mean) = try $0.variance()
      return [variance, mean]
    },
    "aten.std_mean": .values {
      let (variance, mean) = try $0.variance()
      return [try $0.op(.sqrt, variance), mean]
    },
  ]
}

extension Call {
  /// The variance and the mean along the axes.
  fileprivate func variance() throws -> (Value, Value) {
    let input = try input()
    let type = try elementType(input)
    let axes = try reducedAxes()
    let keepsAxes = try keepsAxes()
    var correction = try optionalFloat("correction") ?? 1
    if argument("unbiased") != nil { correction = try bool("unbiased") ? 1 : 0 }
    let mean = try reduce(.reduceMean, input, axes, keepsAxes: true)
    let distance = try op(.sub, input, mean)
    let squares = try op(.mul, distance, distance)
    let variance: Value
    if correction == 0 {
      variance = try reduce(.reduceMean, squares, axes, keepsAxes: keepsAxes)
    } else {
      let sum = try reduce(.reduceSum, squares, axes, keepsAxes: keepsAxes)
      let count = try product(axes.map { try extent(of: input, $0) })
      let divisor: Value
      if let known = count.known {
        divisor = try scalar(Swift.max(Double(known) - correction, 0), type)
      } else {
        divisor = try op(
          .sub, cast(element(vector(count)), to: type), scalar(correction, type))
      }
      variance = try op(.div, sum, divisor)
    }
    return (variance, keepsAxes ? mean : try squeeze(mean, axes))
  }
}
