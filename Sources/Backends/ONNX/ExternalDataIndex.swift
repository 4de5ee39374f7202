import IR

/// Which weights are in a file beside the model, and where.
struct ExternalDataIndex {
  /// The place of one weight.
  struct Place {
    let location: String
    let range: Range<Int>
  }

  /// Which tensors may leave the model.
  enum Scope {
    case none
    /// What runtimes read from other files.
    case initializers
    /// Attributes too: for models that would otherwise be too large.
    case everything
  }

  /// Smaller tensors stay: shapes, scales and biases, which readers want at hand.
  static let minimumBytes = 1 << 10

  private let scope: Scope
  private let location: String
  private let ranges: [TensorSource: Range<Int>]

  /// All weights are in the model.
  static let inline = ExternalDataIndex(ExternalDataLayout(), location: "")

  init(_ layout: ExternalDataLayout, location: String) {
    scope = layout.scope
    self.location = location
    ranges = layout.ranges
  }

  func place(of literal: TensorLiteral, isInitializer: Bool) -> Place? {
    guard scope.admits(literal, isInitializer: isInitializer) else { return nil }
    return ranges[literal.source].map { Place(location: location, range: $0) }
  }
}

extension ExternalDataIndex.Scope {
  func admits(_ literal: TensorLiteral, isInitializer: Bool) -> Bool {
    switch self {
    case .none: false
    case .initializers: isInitializer && literal.byteCount >= ExternalDataIndex.minimumBytes
    case .everything: literal.byteCount >= ExternalDataIndex.minimumBytes
    }
  }
}

/// The contents of a file of weights: each once, however many tensors share it.
struct ExternalDataLayout {
  let scope: ExternalDataIndex.Scope
  private(set) var output = OutputLayout()
  private(set) var ranges: [TensorSource: Range<Int>] = [:]

  /// A reader maps weights where they begin on a page.
  private static let alignment = 1 << 12
  /// The pages that Windows maps are larger: worth the padding for large weights.
  private static let largeAlignment = 1 << 16
  private static let largeBytes = 1 << 20

  init() {
    scope = .none
  }

  init(_ module: Module, _ scope: ExternalDataIndex.Scope) {
    self.scope = scope
    module.forEachGraph { graph in
      for operation in graph.operations {
        let isInitializer = operation.isConstant && operation.constantForm != .operation
        for attribute in operation.attributes.all { add(attribute.value, isInitializer: isInitializer) }
      }
      for argument in graph.arguments {
        if let literal = argument.defaultLiteral { add(literal, isInitializer: true) }
      }
    }
  }

  var isEmpty: Bool { ranges.isEmpty }

  private mutating func add(_ value: AttributeValue, isInitializer: Bool) {
    switch value {
    case .tensor(let literal): add(literal, isInitializer: isInitializer)
    case .tensors(let literals):
      for literal in literals { add(literal, isInitializer: false) }
    case .sparseTensor(let literal): add(literal)
    case .sparseTensors(let literals):
      for literal in literals { add(literal) }
    case .int, .float, .string, .type, .ints, .floats, .strings, .types, .reference: break
    }
  }

  private mutating func add(_ literal: SparseLiteral) {
    add(literal.values, isInitializer: false)
    add(literal.indices, isInitializer: false)
  }

  private mutating func add(_ literal: TensorLiteral, isInitializer: Bool) {
    guard scope.admits(literal, isInitializer: isInitializer), ranges[literal.source] == nil else { return }
    output.pad(toMultipleOf: literal.byteCount < Self.largeBytes ? Self.alignment : Self.largeAlignment)
    ranges[literal.source] = output.append(.literal(literal))
  }
}
