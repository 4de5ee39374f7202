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

  /// The cut by sorting everything.
  static func sorted(_ values: [Float], _ goal: MagnitudeGoal) -> (taken: Set<Int>, squares: Double) {
    let order = values.indices.sorted { (values[$0].magnitude.bitPattern, $0) < (values[$1].magnitude.bitPattern, $1) }
    let all = values.reduce(0) { $0 + Double($1) * Double($1) }
    var taken: Set<Int> = []
    var squares = 0.0
    for index in order {
      let square = Double(values[index]) * Double(values[index])
      switch goal {
      case .count(let count): if taken.count == count { return (taken, squares) }
      case .relativeError(let e):
        let budget = e < 1 ? e * e * all * (1 - MagnitudeRead.budgetMargin) : .infinity
        if squares + square > budget { return (taken, squares) }
      case .below(let bound): if values[index].magnitude >= bound { return (taken, squares) }
      }
      taken.insert(index)
      squares += square
    }
    return (taken, squares)
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
    let expected = Self.sorted(values, goal)
    let result = try MagnitudeSelection([Self.literal(values)], goal: goal, threads: 1).run()
    let agrees = Self.taken(values, result.cut) == expected.taken
    #expect(agrees)
    #expect(result.cut.count == expected.taken.count)
    #expect(abs(result.cut.squares - expected.squares) <= 1e-9 * expected.squares)
  }

  @Test func choosesAmongSeveralLiteralsTogether() throws {
    let parts = [Self.floats(50_000, seed: 4), Self.floats(10, seed: 5), Self.floats(30_000, seed: 6)]
    let result = try MagnitudeSelection(parts.map(Self.literal), goal: .count(40_000), threads: 1).run()
    let agrees = Self.taken(parts.flatMap { $0 }, result.cut) == Self.sorted(parts.flatMap { $0 }, .count(40_000)).taken
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
