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
    if entries[index].meter == nil { entries[index].meter = ErrorMeter(ErrorMeter.Reading(signal: left, noise: 0)) }
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
package final class ErrorMeter: Sendable {
  package struct Reading: Sendable {
    /// The sum of the squares of the weights.
    package var signal = 0.0
    /// The sum of the squares of the errors.
    package var noise = 0.0
  }

  private let windows: Mutex<[Int: Reading]>

  package init(_ initial: Reading? = nil) {
    windows = Mutex(initial.map { [0: $0] } ?? [:])
  }

  /// Records the window whose first element is `first`; one that was made twice counts once.
  package func record(_ reading: Reading, first: Int) { windows.withLock { $0[first] = reading } }

  package var total: Reading {
    windows.withLock { windows in
      windows.sorted { $0.key < $1.key }.reduce(into: Reading()) {
        $0.signal += $1.value.signal
        $0.noise += $1.value.noise
      }
    }
  }
}
