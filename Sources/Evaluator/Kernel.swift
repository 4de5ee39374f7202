import IR

/// How one operator is computed.
struct Kernel: Sendable {
  typealias Body = @Sendable (Invocation) throws -> [TensorLiteral?]

  /// For which operands the results are the same bits as anybody's.
  enum Precision: Hashable, Sendable {
    case exact
    case exactForIntegers
    /// As `exactForIntegers` where the attribute `reduction` says that elements are added or multiplied; exact else.
    case exactUnlessReducing
    case rounding
  }

  let definition: OpDefinition
  let precision: Precision
  let run: Body

  init(_ definition: OpDefinition, _ precision: Precision, _ run: @escaping Body) {
    self.definition = definition
    self.precision = precision
    self.run = run
  }

  /// An exact kernel.
  init(_ definition: OpDefinition, _ run: @escaping Body) {
    self.init(definition, .exact, run)
  }

  func exactness(of operation: Operation, _ operands: [TensorLiteral?]) -> Exactness {
    let ofReals: Exactness = operands.contains { $0?.elementType.numberKind == .real } ? .rounding : .exact
    switch precision {
    case .exact: return .exact
    case .rounding: return .rounding
    case .exactForIntegers: return ofReals
    case .exactUnlessReducing:
      let reduction = operation.string("reduction")
      return reduction == "add" || reduction == "mul" ? ofReals : .exact
    }
  }
}

/// The kernel of each operator, found by its declaration.
enum KernelTable {
  static let all: [Kernel] =
    Movement.kernels + Indexing.kernels + Generation.kernels + Conversion.kernels + Arithmetic.kernels + Logic.kernels
    + Functions.kernels + Reduction.kernels + Scan.kernels + Contraction.kernels + Convolution.kernels
    + Pooling.kernels + Normalization.kernels + Quantization.kernels + Sampling.kernels + Recurrent.kernels
    + Attention.kernels + Ordering.kernels + Loss.kernels + Signal.kernels + Text.kernels
    + RegularExpressions.kernels + Features.kernels + Categories.kernels + LinearModels.kernels
    + SupportVectors.kernels + Trees.kernels

  private static let byDefinition: [ObjectIdentifier: Kernel] = Dictionary(
    all.map { (ObjectIdentifier($0.definition), $0) }, uniquingKeysWith: { first, _ in first })

  static func kernel(of definition: OpDefinition) -> Kernel? { byDefinition[ObjectIdentifier(definition)] }
}
