import IR

/// What one read of all windows found out about a bracket of magnitudes.
struct MagnitudeRead {
  enum Position {
    case below, inside, above
  }

  let bracket: Range<UInt32>
  let scans: [MagnitudeScan]
  /// The position of each window's first element over all literals.
  let starts: [Int]

  let countBelow: Int
  let squaresBelow: Double
  let countInside: Int
  let squaresInside: Double
  let squares: Double

  init(bracket: Range<UInt32>, scans: [MagnitudeScan], starts: [Int]) {
    self.bracket = bracket
    self.scans = scans
    self.starts = starts
    countBelow = scans.reduce(0) { $0 + $1.countBelow }
    squaresBelow = scans.reduce(0) { $0 + $1.squaresBelow }
    countInside = scans.reduce(0) { $0 + $1.countInside }
    squaresInside = scans.reduce(0) { $0 + $1.squaresInside }
    squares = scans.reduce(0) { $0 + $1.squares }
  }

  /// The first window with a NaN.
  var firstNotANumber: Int? { scans.firstIndex { $0.squares.isNaN } }

  /// Whether every element inside the bracket was kept.
  var isComplete: Bool { scans.allSatisfy { $0.inside.count == $0.countInside } }

  /// Where the goal is met: below, inside or above the bracket.
  func position(of goal: MagnitudeGoal) -> Position {
    switch goal {
    case .count(let count):
      if count < countBelow { return .below }
      return count <= countBelow + countInside || isLast ? .inside : .above
    case .relativeError:
      let budget = squaredBudget(goal)
      if squaresBelow > budget { return .below }
      return squaresBelow + squaresInside > budget || isLast ? .inside : .above
    case .below: return .inside
    }
  }

  private var isLast: Bool { bracket.upperBound > Float.infinity.bitPattern }

  /// A hair less than was asked for, so that a sum in another order does not exceed it.
  static let budgetMargin = 0x1p-40

  /// What the squares of the cut elements may sum to.
  private func squaredBudget(_ goal: MagnitudeGoal) -> Double {
    guard case .relativeError(let fraction) = goal, fraction < 1 else { return .infinity }
    return fraction * fraction * squares * (1 - Self.budgetMargin)
  }

  /// The cut among the kept elements, which are all that the bracket holds.
  ///
  /// The bracket is split into parts of equal width, so that only the part in which the goal is met needs to be sorted.
  func cut(_ goal: MagnitudeGoal) -> MagnitudeSelection.Result {
    var walk = Walk(goal: goal, budget: squaredBudget(goal), count: countBelow, squares: squaresBelow)
    let width = (bracket.count + Self.parts - 1) / Self.parts
    for (part, total) in totals(partWidth: width).enumerated()
    where !walk.takeAll(count: total.count, squares: total.squares) {
      for element in elements(ofPart: part, width: width) {
        guard walk.take(MagnitudeScan.square(element.magnitude)) else {
          return result(
            MagnitudeCut(
              magnitude: element.magnitude, position: element.position, count: walk.count, squares: walk.squares))
        }
      }
    }
    return result(MagnitudeCut(magnitude: bracket.upperBound, position: 0, count: walk.count, squares: walk.squares))
  }

  private static let parts = 1 << 12

  private func totals(partWidth width: Int) -> [(count: Int, squares: Double)] {
    var totals: [(count: Int, squares: Double)] = Array(repeating: (0, 0), count: Self.parts)
    for scan in scans {
      for element in scan.inside {
        let magnitude = UInt32(truncatingIfNeeded: element >> 32)
        let part = Int(magnitude - bracket.lowerBound) / width
        totals[part].count += 1
        totals[part].squares += MagnitudeScan.square(magnitude)
      }
    }
    return totals
  }

  private struct Element {
    let magnitude: UInt32
    let position: Int
  }

  /// The kept elements of one part, by magnitude and then by position.
  private func elements(ofPart part: Int, width: Int) -> [Element] {
    var elements: [Element] = []
    for (scan, start) in zip(scans, starts) {
      for element in scan.inside {
        let magnitude = UInt32(truncatingIfNeeded: element >> 32)
        guard Int(magnitude - bracket.lowerBound) / width == part else { continue }
        elements.append(Element(magnitude: magnitude, position: start + Int(UInt32(truncatingIfNeeded: element))))
      }
    }
    return elements.sorted { ($0.magnitude, $0.position) < ($1.magnitude, $1.position) }
  }

  /// The cut where the bracket holds one magnitude: so many of its elements by position, found by the windows' counts
  /// and a look at one window.
  func cutAmongTies(_ goal: MagnitudeGoal, _ reading: WeightReading) throws -> MagnitudeSelection.Result {
    let magnitude = bracket.lowerBound
    var walk = Walk(goal: goal, budget: squaredBudget(goal), count: countBelow, squares: squaresBelow)
    for (index, scan) in scans.enumerated() where scan.countInside > 0 {
      if walk.takeAll(count: scan.countInside, squares: scan.squaresInside) { continue }
      var window = MagnitudeScan(bracket: bracket, capacity: .max)
      let first = reading.windows[index].range.lowerBound
      try reading.windows[index].forEachBlock { window.scan($0, first: $1 - first) }
      for element in window.inside {
        let position = starts[index] + Int(UInt32(truncatingIfNeeded: element))
        guard walk.take(MagnitudeScan.square(magnitude)) else {
          return result(
            MagnitudeCut(magnitude: magnitude, position: position, count: walk.count, squares: walk.squares))
        }
      }
    }
    return result(MagnitudeCut(magnitude: bracket.upperBound, position: 0, count: walk.count, squares: walk.squares))
  }

  /// A smaller bracket that likely holds the goal, from the elements that were kept.
  func narrowed(for goal: MagnitudeGoal) -> Range<UInt32> {
    let kept = scans.flatMap(\.inside).map { UInt32(truncatingIfNeeded: $0 >> 32) }.sorted()
    guard let first = kept.first, let last = kept.last else { return bracket.lowerBound..<bracket.lowerBound + 1 }
    let weight = Double(countInside) / Double(kept.count)
    var walk = Walk(goal: goal, budget: squaredBudget(goal), count: countBelow, squares: squaresBelow)
    let index =
      kept.firstIndex { !walk.takeAll(count: Int(weight), squares: weight * MagnitudeScan.square($0)) } ?? kept.count
      - 1
    let margin = max(kept.count / 256, 1)
    let lower = index < margin ? first : kept[index - margin]
    let upper = index + margin < kept.count ? kept[index + margin] : last
    let narrower = lower..<upper + 1
    return narrower == bracket ? kept[index]..<kept[index] + 1 : narrower
  }

  private func result(_ cut: MagnitudeCut) -> MagnitudeSelection.Result {
    MagnitudeSelection.Result(cut: cut, squares: squares)
  }
}

/// Takes elements in order for as long as the goal allows.
private struct Walk {
  let goal: MagnitudeGoal
  let budget: Double
  var count: Int
  var squares: Double

  mutating func take(_ square: Double) -> Bool { takeAll(count: 1, squares: square) }

  /// Takes all of these elements, or none.
  mutating func takeAll(count more: Int, squares added: Double) -> Bool {
    switch goal {
    case .count(let wanted): guard count + more <= wanted else { return false }
    case .relativeError: guard squares + added <= budget else { return false }
    case .below: return false
    }
    count += more
    squares += added
    return true
  }
}
