import IR
import Testing

@testable import Passes

/// The selection against a plain sort of (magnitude, position).
@Suite struct MagnitudeSelectionTests {
  /// A deterministic sequence that looks normal: sums of uniform numbers.
  static func floats(_ count: Int, seed: UInt64, rows: Int = 1) -> [Float] {
    var state = seed
    func uniform() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
    return (0..<count).map { index in
      let scale = Float(1 + index * rows / max(count, 1))
      return (uniform() + uniform() + uniform() + uniform()) * scale
    }
  }

  static func literal(_ values: [Float]) throws -> TensorLiteral {
    try TensorLiteral(.float32, [values.count], bytes: values.withUnsafeBytes { Array($0) })
  }

  /// What a sort of everything takes.
  static func sorted(_ values: [Float], _ goal: MagnitudeGoal) -> Set<Int> {
    let order = values.indices.sorted { (values[$0].magnitude.bitPattern, $0) < (values[$1].magnitude.bitPattern, $1) }
    switch goal {
    case .count(let count): return Set(order.prefix(count))
    case .below(let bound): return Set(order.prefix { values[$0].magnitude < bound })
    case .relativeError: return []
    }
  }

  static func taken(_ values: [Float], _ cut: MagnitudeCut) -> Set<Int> {
    Set(values.indices.filter { (values[$0].magnitude.bitPattern, $0) < (cut.magnitude, cut.position) })
  }

  static let goals: [MagnitudeGoal] = [
    .count(0), .count(1), .count(35_001), .count(70_000), .relativeError(0), .relativeError(0.05), .relativeError(1),
    .below(0.25),
  ]

  @Test(arguments: goals) func agreesWithASort(_ goal: MagnitudeGoal) throws {
    for (seed, rows) in [(1, 1), (2, 300)] as [(UInt64, Int)] {
      let values = Self.floats(70_000, seed: seed, rows: rows)
      try expectAgreement(values, goal)
    }
  }

  @Test(arguments: goals) func breaksTiesByPosition(_ goal: MagnitudeGoal) throws {
    try expectAgreement(Self.floats(70_000, seed: 3).map { ($0 * 2).rounded() }, goal)
    try expectAgreement(Array(repeating: -0.5, count: 70_000), goal)
    try expectAgreement(Array(repeating: 0, count: 70_000), goal)
  }

  private func expectAgreement(_ values: [Float], _ goal: MagnitudeGoal) throws {
    let result = try MagnitudeSelection([Self.literal(values)], goal: goal, threads: 1).run()
    let taken = Self.taken(values, result.cut)
    #expect(result.cut.count == taken.count)
    let squares = taken.reduce(0) { $0 + Self.square(values[$1]) }
    #expect(abs(result.cut.squares - squares) <= MagnitudeScan.sumError * squares)
    if case .relativeError(let e) = goal {
      expectBudgetIsUsed(values, taken, squares, e)
    } else {
      let agrees = taken == Self.sorted(values, goal)
      #expect(agrees)
    }
  }

  /// What is taken is within the budget, and the next element would not be, but for what the sums may be off.
  private func expectBudgetIsUsed(_ values: [Float], _ taken: Set<Int>, _ squares: Double, _ e: Double) {
    guard e < 1 else { return #expect(taken.count == values.count) }
    let budget = e * e * values.reduce(0) { $0 + Self.square($1) }
    #expect(squares <= budget)
    let left = values.indices.filter { !taken.contains($0) }
    guard let next = left.map({ Self.square(values[$0]) }).min() else { return }
    #expect(squares + next > budget * (1 - 2 * MagnitudeRead.budgetMargin))
  }

  private static func square(_ value: Float) -> Double { Double(value) * Double(value) }

  @Test(arguments: [1e-25, 1e-18, 1e18, 1e30] as [Float]) func sumsSquaresThatAFloatCannotHold(_ scale: Float) throws {
    let values = Self.floats(70_000, seed: 8).map { $0 * scale }
    let result = try MagnitudeSelection([Self.literal(values)], goal: .relativeError(0.05), threads: 1).run()
    let squares = Self.taken(values, result.cut).reduce(0) { $0 + Self.square(values[$1]) }
    #expect(squares <= 0.0025 * values.reduce(0) { $0 + Self.square($1) })
    if scale > 1e-20 { #expect(result.cut.count > 7_000) }
  }

  @Test func choosesAmongSeveralLiteralsTogether() throws {
    let parts = [Self.floats(50_000, seed: 4), Self.floats(10, seed: 5), Self.floats(30_000, seed: 6)]
    let result = try MagnitudeSelection(parts.map(Self.literal), goal: .count(40_000), threads: 1).run()
    let agrees = Self.taken(parts.flatMap { $0 }, result.cut) == Self.sorted(parts.flatMap { $0 }, .count(40_000))
    #expect(agrees)
  }

  @Test func doesNotDependOnThreads() throws {
    let values = Self.floats(600_000, seed: 7)
    let one = try MagnitudeSelection([Self.literal(values)], goal: .relativeError(0.05), threads: 1).run()
    let two = try MagnitudeSelection([Self.literal(values)], goal: .relativeError(0.05), threads: 2).run()
    #expect(one.cut == two.cut)
    #expect(one.squares.bitPattern == two.squares.bitPattern)
  }

  @Test func refusesNaN() throws {
    var values = Self.floats(100, seed: 8)
    values[40] = .nan
    #expect(throws: MagnitudeSelection.Refusal.notANumber(literal: 1)) {
      try MagnitudeSelection([Self.literal([1]), Self.literal(values)], goal: .count(5), threads: 1).run()
    }
  }
}
