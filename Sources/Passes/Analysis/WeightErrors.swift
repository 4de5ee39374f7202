import Glibc
import Synchronization

/// What lossy passes did to weights, measured while the bytes are made: complete once the module has been written.
package final class WeightErrors {
  /// What happened to one weight.
  package struct Entry {
    package let name: String
    fileprivate var lost: Double
    fileprivate var meter: ErrorMeter?

    /// The signal-to-error ratio in decibels; `nil` while it is not measured, or where nothing was lost.
    package var decibels: Double? {
      let reading = meter?.total ?? ErrorMeter.Reading()
      let signal = reading.signal + lost
      let noise = reading.noise + lost
      guard signal > 0, noise > 0 else { return nil }
      return 10 * log10(signal / noise)
    }
  }

  package private(set) var entries: [Entry] = []

  package init() {}

  /// Records that elements were dropped from a weight: the sum of their squares, and of the squares of those that are
  /// left.
  package func record(lost squares: Double, left: Double, of name: String) {
    let index = index(of: name)
    entries[index].lost += squares
    if entries[index].meter == nil { entries[index].meter = ErrorMeter(signal: left) }
  }

  /// Records what will measure the rounding of a weight.
  package func record(_ meter: ErrorMeter, of name: String) { entries[index(of: name)].meter = meter }

  /// The weight that lost most, in comparison with itself.
  package var worst: Entry? {
    entries.filter { $0.decibels != nil }.min { ($0.decibels ?? .infinity) < ($1.decibels ?? .infinity) }
  }

  private func index(of name: String) -> Int {
    if let index = entries.firstIndex(where: { $0.name == name }) { return index }
    entries.append(Entry(name: name, lost: 0, meter: nil))
    return entries.count - 1
  }
}

/// Sums up signal and error of one weight, window by window, from any thread; the total does not depend on their order.
///
/// Of a large weight a regular sample is measured.
package final class ErrorMeter: Sendable {
  package struct Reading: Sendable {
    /// The sum of the squares of the weights.
    package var signal = 0.0
    /// The sum of the squares of the errors.
    package var noise = 0.0
  }

  /// Weights with fewer elements are measured whole.
  private static let sampledElements = 1 << 18
  /// Elements of a sample are neighbors, in groups of so many; of so many groups one is measured.
  private static let groupElements = 1 << 10
  private static let groupsASample = 32

  private let period: Int
  private let windows: Mutex<[Int: Reading]>

  /// For a weight of so many elements.
  package init(elementCount: Int) {
    period = elementCount < Self.sampledElements ? 1 : Self.groupsASample
    windows = Mutex([:])
  }

  /// For a weight that has no rounding errors.
  package init(signal: Double) {
    period = 1
    windows = Mutex([0: Reading(signal: signal)])
  }

  /// Calls `body` with the parts of the elements `range` that are to be measured.
  package func forEachSample(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard period > 1 else { return body(range) }
    let size = Self.groupElements
    let step = size * period
    for start in stride(from: (range.lowerBound / step) * step, to: range.upperBound, by: step) {
      let part = range.clamped(to: start..<start + size)
      if !part.isEmpty { body(part) }
    }
  }

  /// Records the window whose first element is `first`; one that was made twice counts once.
  package func record(_ reading: Reading, first: Int) { windows.withLock { $0[first] = reading } }

  /// Of all elements, as far as the sample tells.
  package var total: Reading {
    windows.withLock { windows in
      windows.sorted { $0.key < $1.key }.reduce(into: Reading()) {
        $0.signal += $1.value.signal * Double(period)
        $0.noise += $1.value.noise * Double(period)
      }
    }
  }
}
