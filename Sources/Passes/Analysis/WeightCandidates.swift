import IR

/// The constants of a module that a weight pass may work on, and why it leaves the others alone.
package struct WeightCandidates {
  /// In the order of the module.
  package private(set) var eligible: [Operation] = []
  /// Reasons, and how many weights each holds for, in the order in which they first came up.
  private var reasons: [(reason: String, count: Int)] = []

  /// - Parameters:
  ///   - elementTypes: what the pass can work on.
  ///   - isWeight: which constants count as weights at all.
  package init(
    in module: Module, elementTypes: ElementTypes, minElements: Int, _ filter: NameFilter,
    isWeight: (Value) -> Bool = \.isWeight
  ) {
    module.forEachOperation { operation in
      guard let literal = operation.literal, let value = operation.result(), isWeight(value) else { return }
      if let reason = reason(against: operation, literal, elementTypes, minElements, filter) {
        skip(reason)
      } else {
        eligible.append(operation)
      }
    }
  }

  /// Leaves out a weight after all, because of `reason`.
  package mutating func skip(_ reason: String) {
    if let index = reasons.firstIndex(where: { $0.reason == reason }) {
      reasons[index].count += 1
    } else {
      reasons.append((reason, 1))
    }
  }

  /// "0 of 161 weights eligible: 150 are i8, 11 have under 1024 elements".
  package var summary: String {
    let total = eligible.count + reasons.reduce(0) { $0 + $1.count }
    guard total > 0 else { return "no operation has a constant weight" }
    let told = reasons.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
    return "\(eligible.count) of \(total) weights eligible" + (told.isEmpty ? "" : ": \(told)")
  }

  private func reason(
    against operation: Operation, _ literal: TensorLiteral, _ elementTypes: ElementTypes, _ minElements: Int,
    _ filter: NameFilter
  ) -> String? {
    if !elementTypes.contains(literal.elementType) { return "of type \(literal.elementType.rawValue)" }
    if literal.elementCount < minElements { return "under \(minElements) elements" }
    if !filter.admits(operation) { return "left out by name" }
    return nil
  }
}
