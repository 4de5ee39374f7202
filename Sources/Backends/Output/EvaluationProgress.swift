import IR
import Synchronization

/// Knows when the last byte of a whole transform's result has been written, and discards the result then.
final class EvaluationProgress: Sendable {
  private struct Pending: Sendable {
    let literal: TensorLiteral
    var windows: Int
  }

  private let pending: Mutex<[Pending]>
  /// For each window, which of the pending literals it has bytes of; empty where there are none at all.
  private let literals: [[Int]]

  init(_ layout: OutputLayout, _ windows: [Range<Int>]) {
    var pending: [Pending] = []
    var literals: [[Int]] = []
    for segment in layout.segments {
      guard case .literal(let literal) = segment.content, literal.hasEvaluations else { continue }
      if literals.isEmpty { literals = Array(repeating: [], count: windows.count) }
      let first = windows.partitioningIndex { $0.upperBound > segment.range.lowerBound }
      let last = windows.partitioningIndex { $0.lowerBound >= segment.range.upperBound }
      for window in first..<last { literals[window].append(pending.count) }
      pending.append(Pending(literal: literal, windows: last - first))
    }
    self.pending = Mutex(pending)
    self.literals = literals
  }

  func didWrite(_ window: Int) {
    guard literals.indices.contains(window), !literals[window].isEmpty else { return }
    pending.withLock { pending in
      for index in literals[window] {
        pending[index].windows -= 1
        if pending[index].windows == 0 { pending[index].literal.discardEvaluations() }
      }
    }
  }
}

extension Array {
  /// The index of the first element for which `belongsToSecondPart` holds, which holds for all that follow it.
  func partitioningIndex(_ belongsToSecondPart: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if belongsToSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
