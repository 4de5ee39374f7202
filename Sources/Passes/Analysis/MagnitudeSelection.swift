import IR

/// Which elements of some literals have the smallest magnitudes: those that order before (`magnitude`, `position`) by
/// magnitude, ties by position.
package struct MagnitudeCut: Hashable, Sendable {
  /// Bits of the first magnitude that is not wholly cut.
  package let magnitude: UInt32
  /// Elements of exactly that magnitude are cut before this position over the concatenation of the literals.
  package let position: Int
  /// How many elements are cut.
  package let count: Int
  /// The sum of their squares.
  package let squares: Double
}

/// How many elements a selection is to take.
package enum MagnitudeGoal: Hashable, Sendable {
  /// Exactly so many.
  case count(Int)
  /// As many as possible while the norm of what is taken stays within this fraction of the norm of all.
  case relativeError(Double)
  /// All below this magnitude.
  case below(Float)
}

/// Finds the smallest magnitudes of some literals exactly, in one read of them where it goes well.
///
/// A small sample brackets the magnitude at which the goal is met; one read sums up what lies below the bracket and
/// keeps what lies inside, and the kept elements settle it (the idea of Floyd and Rivest's SELECT, 1975). A sample that
/// misled, or a bracket too full, costs another read with a better bracket. Result and sums are the same for any number
/// of threads: chunks depend on the literals alone, and are summed in order.
package struct MagnitudeSelection {
  /// What the read found out besides.
  package struct Result: Sendable {
    package let cut: MagnitudeCut
    /// The sum of the squares of all elements.
    package let squares: Double
  }

  /// Why nothing can be selected.
  package enum Refusal: Error, Equatable, Sendable {
    /// A literal (by index) holds a NaN, which has no magnitude.
    case notANumber(literal: Int)
  }

  /// Elements inside a bracket that all windows keep together; 8 bytes each.
  private static let keptElements = 1 << 22
  private static let allMagnitudes: Range<UInt32> = 0..<Float.infinity.bitPattern + 1

  private let reading: WeightReading
  private let goal: MagnitudeGoal
  /// Called with every block that the first full read visits, so that other facts can be had from the same read.
  private let alongside: (@Sendable (WeightReading.Window) throws -> any BlockVisitor)?

  package init(
    _ literals: [TensorLiteral], goal: MagnitudeGoal, threads: Int,
    alongside: (@Sendable (WeightReading.Window) throws -> any BlockVisitor)? = nil
  ) {
    reading = WeightReading(literals, threads: threads)
    self.goal = goal
    self.alongside = alongside
  }

  /// The selection. Throws `Refusal` where a NaN is among the elements.
  package func run() throws -> Result {
    var possible = Self.allMagnitudes
    var bracket = try MagnitudeSample(reading).bracket(for: goal)
    var visitor = alongside
    while true {
      let read = try read(bracket, visitor)
      visitor = nil
      if let index = read.firstNotANumber { throw Refusal.notANumber(literal: reading.windows[index].index) }
      // Reads with other brackets differ in the errors of their sums: what one has ruled out, no other brings back.
      switch read.position(of: goal) {
      case .below where possible.lowerBound < bracket.lowerBound:
        possible = possible.lowerBound..<bracket.lowerBound
      case .above where bracket.upperBound < possible.upperBound:
        possible = bracket.upperBound..<possible.upperBound
      case .below, .above, .inside:
        if read.isComplete { return try read.cut(goal, threads: reading.threads) }
        if bracket.count == 1 { return try read.cutAmongTies(goal, reading) }
        possible = bracket
      }
      bracket = possible == bracket ? read.narrowed(for: goal) : possible
    }
  }

  private func read(
    _ bracket: Range<UInt32>, _ alongside: (@Sendable (WeightReading.Window) throws -> any BlockVisitor)?
  ) throws -> MagnitudeRead {
    let capacity = bracket.count == 1 ? 0 : max(Self.keptElements / max(reading.windows.count, 1), 16)
    let scans = try reading.map { window in
      var scan = MagnitudeScan(bracket: bracket, capacity: capacity)
      let visitor = try alongside?(window)
      try window.forEachBlock { block, first in
        scan.scan(block, first: first - window.range.lowerBound)
        visitor?.visit(block, first: first)
      }
      visitor?.finish()
      return scan
    }
    return MagnitudeRead(bracket: bracket, scans: scans, starts: reading.windows.map(\.start))
  }
}

/// Learns something from the blocks of one window while they are in the cache.
package protocol BlockVisitor: AnyObject {
  /// `first` is the position of the block's first element within its literal.
  func visit(_ block: UnsafeRawBufferPointer, first: Int)
  func finish()
}
