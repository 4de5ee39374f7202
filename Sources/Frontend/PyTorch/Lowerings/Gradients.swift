import IR

extension Lowering {
  /// Slopes of sampled functions, and the areas below them.
  static let gradients: [String: Lowering] = [
    "aten.trapezoid": .one { try $0.trapezoids(isRunning: false) },
    "aten.trapz": .one { try $0.trapezoids(isRunning: false) },
    "aten.cumulative_trapezoid": .one { try $0.trapezoids(isRunning: true) },
    "aten.gradient.scalarint": .values { try $0.gradients() },
    "aten.gradient.scalararray": .values { try $0.gradients() },
    "aten.gradient.array": .values { try $0.gradients() },
    "aten.gradient.scalarrayint": .values { try $0.gradients() },
    "aten.gradient.scalarrayarray": .values { try $0.gradients() },
  ]
}

extension Call {
  /// The distances between samples along each of `count` axes.
  private func spacings(_ count: Int) throws -> [Double] {
    switch argument("spacing") {
    case nil: return Array(repeating: 1, count: count)
    case .floats(let list)? where list.count == count: return list
    case .integers? where try ints("spacing").count == count: return try ints("spacing").map { Double($0) }
    case .float?, .integer?: return try Array(repeating: float("spacing"), count: count)
    default: throw UnsupportedForm("has another 'spacing' than a number for each axis")
    }
  }

  fileprivate func gradients() throws -> [Value?] {
    let input = try floating(input())
    let rank = try rank(input)
    let axes = try axes("dim", rank: rank) ?? Array(0..<rank)
    let order = try int("edge_order", default: 1)
    guard (1...2).contains(order) else { throw ModelError(.invalidModel, "has the order \(order) at edges") }
    return try zip(axes, spacings(axes.count)).map { try slope(input, $0, $1, order) }
  }

  /// The areas between neighbors, added up.
  fileprivate func trapezoids(isRunning: Bool) throws -> Value {
    let value = try floating(input())
    let axis = try axis("dim", default: -1, rank: rank(value))
    func neighbors(_ value: Value, _ axis: Int) throws -> (before: Value, after: Value) {
      (try slice(value, axis, from: 0, to: -1), try slice(value, axis, from: 1))
    }
    let (before, after) = try neighbors(value, axis)
    var areas = try op(.mul, op(.add, before, after), scalar(0.5, elementType(value)))
    if let places = try optionalValue("x") {
      guard try rank(places) == rank(value) else { throw UnsupportedForm("has samples of another rank") }
      let (left, right) = try neighbors(places, axis)
      let factors = try inCommonType([areas, op(.sub, right, left)])
      areas = try op(.mul, factors[0], factors[1])
    } else {
      areas = try op(.mul, areas, scalar(float("dx", default: 1), elementType(value)))
    }
    guard isRunning else { return try reduce(.reduceSum, areas, [axis], keepsAxes: false) }
    return try op(.cumSum, areas, builder.constant(axis))
  }

  /// Half the difference of both neighbors; at the ends what the first elements say.
  private func slope(_ value: Value, _ axis: Int, _ spacing: Double, _ order: Int) throws -> Value {
    let type = try elementType(value)
    func sample(_ place: Int) throws -> Value {
      try slice(value, axis, from: place, to: place == -1 ? .max : place + 1)
    }
    func end(_ places: [Int], _ sign: Double) throws -> Value {
      if order == 1 { return try op(.mul, op(.sub, sample(places[1]), sample(places[0])), scalar(sign, type)) }
      let terms = try zip(places, [-1.5, 2, -0.5]).map { try op(.mul, sample($0), scalar($1 * sign, type)) }
      return try op(.add, op(.add, terms[0], terms[1]), terms[2])
    }
    let inner = try op(.sub, slice(value, axis, from: 2), slice(value, axis, from: 0, to: -2))
    let differences = try concat(
      [end([0, 1, 2], 1), op(.mul, inner, scalar(0.5, type)), end([-1, -2, -3], -1)], axis)
    return spacing == 1 ? differences : try op(.div, differences, scalar(spacing, type))
  }
}
