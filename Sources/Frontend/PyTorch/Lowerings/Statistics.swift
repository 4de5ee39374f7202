import IR

extension Lowering {
  /// Variances and norms.
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
    "aten.linalg_vector_norm": .one { try $0.norm("ord") },
    "aten.norm": .one { try $0.norm("p") },
    "aten.frobenius_norm": .one { try $0.norm("p") },
    "aten.linalg_norm": .one { call in
      guard call.argument("ord") == nil else { throw UnsupportedForm("is a norm of matrices") }
      return try call.norm("ord")
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

  fileprivate func norm(_ name: String) throws -> Value {
    var input = try floating(input())
    if let type = try optionalElementType("dtype") { input = try cast(input, to: type) }
    let (axes, keepsAxes) = (try reducedAxes(), try keepsAxes())
    return try norm(input, optionalFloat(name) ?? 2, axes, keepsAxes: keepsAxes)
  }

  /// The norm of the order `order` along axes.
  func norm(_ value: Value, _ order: Double, _ axes: [Int], keepsAxes: Bool) throws -> Value {
    let type = try elementType(value)
    switch order {
    case 2: return try reduce(.reduceL2, value, axes, keepsAxes: keepsAxes)
    case 1: return try reduce(.reduceL1, value, axes, keepsAxes: keepsAxes)
    case .infinity: return try reduce(.reduceMax, op(.abs, value), axes, keepsAxes: keepsAxes)
    case -.infinity: return try reduce(.reduceMin, op(.abs, value), axes, keepsAxes: keepsAxes)
    case 0:
      let isSet = try op(.not, op(.equal, value, scalar(0, type)))
      return try reduce(.reduceSum, cast(isSet, to: type), axes, keepsAxes: keepsAxes)
    case let order:
      let powers = try op(.pow, op(.abs, value), scalar(order, type))
      return try op(.pow, reduce(.reduceSum, powers, axes, keepsAxes: keepsAxes), scalar(1 / order, type))
    }
  }
}
