import Evaluator
import IR

/// How much is allowed between two results that agree.
package struct Tolerance: Sendable {
  package var relative = 1e-4
  package var absolute = 1e-5

  package init() {}
}

/// How two tensors differ.
struct Difference {
  /// Why they cannot be compared element by element; `nil` where they can.
  private(set) var mismatch: String?
  private(set) var largestAbsolute = 0.0
  private(set) var largestRelative = 0.0
  /// The power of the reference over that of the error, in decibels.
  private(set) var signalToNoise = Double.infinity
  private(set) var cosine = 1.0
  /// The elements that differ by more than is allowed.
  private(set) var excess = 0

  var agrees: Bool { mismatch == nil && excess == 0 }

  /// - Parameter b: the reference.
  init(_ a: RuntimeValue?, _ b: RuntimeValue?, _ tolerance: Tolerance) throws {
    switch (a, b) {
    case (.tensor(let a)?, .tensor(let b)?): try compare(a, b, tolerance)
    case (.optional(let a)?, .optional(let b)?): self = try Difference(a, b, tolerance)
    case (.optional(let a?)?, let b?): self = try Difference(a, b, tolerance)
    case (let a?, .optional(let b?)?): self = try Difference(a, b, tolerance)
    case (.sequence(let a)?, .sequence(let b)?):
      guard a.count == b.count else {
        mismatch = "\(a.count) elements instead of \(b.count)"
        return
      }
      for (x, y) in zip(a, b) {
        let part = try Difference(x, y, tolerance)
        mismatch = mismatch ?? part.mismatch
        largestAbsolute = max(largestAbsolute, part.largestAbsolute)
        largestRelative = max(largestRelative, part.largestRelative)
        signalToNoise = min(signalToNoise, part.signalToNoise)
        cosine = min(cosine, part.cosine)
        excess += part.excess
      }
    case (nil, nil): break
    default: mismatch = "another kind of value"
    }
  }

  private mutating func compare(_ a: TensorLiteral, _ b: TensorLiteral, _ tolerance: Tolerance) throws {
    guard a.elementType == b.elementType, a.dimensions == b.dimensions else {
      mismatch = "\(a.elementType.rawValue)\(a.dimensions) instead of \(b.elementType.rawValue)\(b.dimensions)"
      return
    }
    if case .strings(let x) = a.source, case .strings(let y) = b.source {
      excess = zip(x, y).count { $0 != $1 }
      return
    }
    var (dot, normA, normB, error) = (0.0, 0.0, 0.0, 0.0)
    try a.forEachPair(with: b) { x, y in
      if x == y || (x.isNaN && y.isNaN) {
        (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y)
        return
      }
      let distance = abs(x - y)
      largestAbsolute = distance.isNaN ? .infinity : max(largestAbsolute, distance)
      largestRelative = distance.isNaN ? .infinity : max(largestRelative, distance / max(abs(y), .leastNormalMagnitude))
      if !(distance <= tolerance.absolute + tolerance.relative * abs(y)) { excess += 1 }
      (dot, normA, normB, error) = (dot + x * y, normA + x * x, normB + y * y, error + distance * distance)
    }
    if error > 0 || error.isNaN { signalToNoise = 10 * Evaluator.log10(normB / error) }
    if normA > 0, normB > 0 { cosine = dot / (normA.squareRoot() * normB.squareRoot()) }
  }
}
