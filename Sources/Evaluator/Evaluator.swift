import IR

/// Runs operations on literals: on one thread and in a fixed order, so that the bits of a result depend on the operands
/// alone.
package enum Evaluator {
  /// What one evaluation may cost at most. Looked at before anything is allocated or walked through.
  package struct Budget {
    /// The bytes of each result.
    package var resultBytes: Int
    /// The bytes of each result and operand that has to be held in memory; larger ones are descriptions or refused.
    package var heldBytes = 16 << 20
    /// Whether a result that the specification leaves open (an integer out of range, NaN among candidates) is computed
    /// as processors do, instead of refused.
    package var settlesOpenResults = false
    /// How many threads the fast kernels may take, whose bits depend on the processor; `nil` where the bits matter.
    package var threads: Int?
    /// The work that is left to all evaluations that share it.
    package var work: Work

    package init(resultBytes: Int, work: Work = Work()) {
      self.resultBytes = resultBytes
      self.work = work
    }

    /// What running a model may cost: results that memory can hold, as much work as there is.
    package static func running(bytes: Int, threads: Int? = nil) -> Budget {
      var budget = Budget(resultBytes: bytes, work: Work(.max, eachAtMost: .max))
      budget.heldBytes = bytes
      budget.settlesOpenResults = true
      budget.threads = threads
      return budget
    }

    /// Results above this size that only move or convert elements are made when they are written; where a model runs,
    /// somebody reads them at once.
    var lazyFrom: Int { settlesOpenResults ? .max : TensorLiteral.windowBytes }
  }

  /// Work that may be done, in elements read, written or multiplied. Shared by many evaluations, so that a thousand
  /// small bombs are no worse than one.
  package final class Work {
    /// What one evaluation may take of it.
    private let eachAtMost: Int
    package private(set) var left: Int

    /// By default one evaluation takes some hundredths of a second at most.
    package init(_ elements: Int = 1 << 27, eachAtMost: Int = 1 << 23) {
      left = elements
      self.eachAtMost = eachAtMost
    }

    func take(_ elements: Int) throws {
      guard elements <= min(left, eachAtMost) else {
        throw Refusal(.overBudget, "it would take \(elements) steps")
      }
      left -= elements
    }
  }

  /// How the results compare to those of any other implementation of the operator, for these operands; `nil` where
  /// there is no kernel.
  package static func exactness(of operation: Operation, operands: [TensorLiteral?]) -> Exactness? {
    KernelTable.kernel(of: operation.definition)?.exactness(of: operation, operands)
  }

  /// The results of `operation` for `operands`, of which absent optional ones are `nil`; absent results are `nil` too.
  ///
  /// - Throws: `Refusal` where it cannot, may not, or should not be computed here; `ModelError` where an operand's bytes cannot be had.
  package static func evaluate(
    _ operation: Operation, operands: [TensorLiteral?], budget: Budget
  ) throws -> [TensorLiteral?] {
    guard let kernel = KernelTable.kernel(of: operation.definition) else {
      throw Refusal(.unsupported, "nothing evaluates \(operation.definition.qualifiedName)")
    }
    let invocation = try invocation(operation, operands, budget)
    return try fastResults(invocation) ?? kernel.run(invocation)
  }

  /// The result of a convolution after what follows it; `nil` where no fast kernel computes the two together.
  static func evaluate(
    _ operation: Operation, operands: [TensorLiteral?], budget: Budget, finish: ChannelFinish
  ) throws -> TensorLiteral? {
    var invocation = try invocation(operation, operands, budget)
    invocation.finish = finish
    return try fastResults(invocation)?.first ?? nil
  }

  private static func invocation(
    _ operation: Operation, _ operands: [TensorLiteral?], _ budget: Budget
  ) throws -> Invocation {
    guard !operation.refersToFunctionAttributes else {
      throw Refusal(.unsupported, "an attribute is known only where the function is called")
    }
    for case let operand? in operands where operand.needsScratch && operand.byteCount > budget.heldBytes {
      throw Refusal(.overBudget, "an operand of \(operand.byteCount) bytes would have to be made first")
    }
    return Invocation(operation, operands: operands, budget: budget)
  }

  private static func fastResults(_ invocation: Invocation) throws -> [TensorLiteral?]? {
    guard let threads = invocation.budget.threads,
      let fast = FastKernels.kernel(of: invocation.operation.definition)
    else { return nil }
    return try fast(invocation, threads)
  }
}

extension TensorLiteral {
  /// Whether reading the bytes means making them in memory.
  fileprivate var needsScratch: Bool {
    switch source {
    case .bytes, .whole, .strings: false
    case .splat, .elementwise, .blocks: true
    }
  }
}

/// How the results of a kernel compare to those of any other implementation of the operator.
package enum Exactness: Hashable, Sendable {
  /// The same bits: data movement, integers, correctly rounded arithmetic.
  case exact
  /// Equal in real arithmetic; the rounding may differ.
  case rounding
}

/// Why an operation was not evaluated.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    /// There is no kernel for the operator, its element types or a form of its attributes.
    case unsupported
    /// The result would be larger, or take longer, than the budget allows.
    case overBudget
    /// The operator says nothing about these operands: an index out of range, a division by zero, NaN to an integer.
    case undefined
  }

  package let reason: Reason
  package let message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  package var description: String { message }
}
