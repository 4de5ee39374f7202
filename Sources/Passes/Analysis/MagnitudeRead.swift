import IR

/// What one read of all windows found out about a bracket of magnitudes.
struct MagnitudeRead: Sendable {
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

  /// A hair less than was asked for, so that no error of the sums, of what is cut and of all, exceeds it.
  static let budgetMargin = 4 * MagnitudeScan.sumError

  /// What the squares of the cut elements may sum to.
  private func squaredBudget(_ goal: MagnitudeGoal) -> Double {
    guard case .relativeError(let fraction) = goal, fraction < 1 else { return .infinity }
    // A square too small for single precision is off by no more than the smallest number that it has.
    let hidden = Double(countBelow) * Double(Float.leastNonzeroMagnitude)
    return fraction * fraction * squares * (1 - Self.budgetMargin) - hidden
  }

  /// The cut among the kept elements, which are all that the bracket holds.
  ///
  /// The bracket is split into parts of equal width, so that only the part in which the goal is met needs to be sorted.
  func cut(_ goal: MagnitudeGoal, threads: Int) throws -> MagnitudeSelection.Result {
    var walk = Walk(goal: goal, budget: squaredBudget(goal), count: countBelow, squares: squaresBelow)
    for (part, total) in try totals(threads: threads).enumerated()
    where !walk.takeAll(count: total.count, squares: total.squares) {
      for element in elements(ofPart: part) {
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

  /// A part's width is a power of two, this one's logarithm: magnitudes find their part by a shift.
  private var partShift: Int {
    max(Int.bitWidth - (bracket.count - 1).leadingZeroBitCount - Self.parts.trailingZeroBitCount, 0)
  }

  /// How many kept elements each part has, and the sum of their squares. Summed up by slices of the windows, in order.
  private func totals(threads: Int) throws -> [(count: Int, squares: Double)] {
    let shift = partShift
    let slices = min(Self.slices, scans.count)
    let sums = try Parallel.map(slices, threads: threads) { slice in
      var totals: [(count: Int, squares: Double)] = Array(repeating: (0, 0), count: Self.parts)
      for scan in scans[slice * scans.count / slices..<(slice + 1) * scans.count / slices] {
        for element in scan.inside {
          let magnitude = UInt32(truncatingIfNeeded: element >> 32)
          let part = Int(magnitude &- bracket.lowerBound) >> shift
          totals[part].count += 1
          totals[part].squares += MagnitudeScan.square(magnitude)
        }
      }
      return totals
    }
    return (0..<Self.parts).map { part in
      sums.reduce((0, 0)) { ($0.0 + $1[part].count, $0.1 + $1[part].squares) }
    }
  }

  private static let slices = 8

  private struct Element {
    let magnitude: UInt32
    let position: Int
  }

  /// The kept elements of one part, by magnitude and then by position.
  private func elements(ofPart part: Int) -> [Element] {
    let shift = partShift
    var elements: [Element] = []
    for (scan, start) in zip(scans, starts) {
      for element in scan.inside {
        let magnitude = UInt32(truncatingIfNeeded: element >> 32)
        guard Int(magnitude &- bracket.lowerBound) >> shift == part else { continue }
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
