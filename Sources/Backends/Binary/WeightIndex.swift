import Formats
import IR

/// Which literal goes into which section of a `.mcb` file, and where in it.
struct WeightIndex {
  /// What a section will consist of.
  struct Plan: Sendable {
    let encoding: SectionTable.Encoding
    fileprivate(set) var parts: [Part]

    /// A literal and where in the section it begins.
    struct Part: Sendable {
      let offset: Int
      let literal: TensorLiteral
    }

    init(_ encoding: SectionTable.Encoding, _ literal: TensorLiteral) {
      self.encoding = encoding
      parts = [Part(offset: 0, literal: literal)]
    }

    var byteCount: Int { parts.last.map { $0.offset + $0.literal.byteCount } ?? 0 }
  }

  /// The sections: raw ones first, because their places are known before anything is made.
  private(set) var plans: [Plan] = []
  /// The constants and defaults by name.
  private(set) var named: [SectionTable.Weight] = []
  private var places: [TensorLiteral: WeightPlace] = [:]

  /// Smaller literals share a section.
  private static let separateBytes = 1 << 16
  /// A shared section grows to this at most.
  private static let sharedBytes = 1 << 20

  /// - Throws: `ModelError` where the bytes of a literal cannot be made.
  init(_ module: Module, threads: Int) throws {
    var literals = LiteralCollector()
    literals.collect(module)
    let large = literals.all.filter { $0.byteCount >= Self.separateBytes }
    let compressible = try CompressionEstimate.compressible(large, threads: threads)
    var shared: Int?
    for literal in literals.all where !compressible.contains(literal) {
      if literal.byteCount >= Self.separateBytes { addSection(.raw, literal) } else { share(literal, &shared) }
    }
    for literal in large where compressible.contains(literal) { addSection(.zstd, literal) }
    named = literals.named.compactMap { name, literal in
      places[literal].map {
        SectionTable.Weight(name: name, elementType: literal.elementType, dimensions: literal.dimensions, place: $0)
      }
    }
  }

  func place(of literal: TensorLiteral) throws -> WeightPlace {
    guard let place = places[literal] else { throw ModelError(.internalFailure, "a literal was not collected") }
    return place
  }

  private mutating func addSection(_ encoding: SectionTable.Encoding, _ literal: TensorLiteral) {
    places[literal] = WeightPlace(section: plans.count, offset: 0)
    plans.append(Plan(encoding, literal))
  }

  /// - Parameter shared: the section that took the last small literal.
  private mutating func share(_ literal: TensorLiteral, _ shared: inout Int?) {
    let alignment = literal.byteCount >= BinaryFormat.alignment ? BinaryFormat.alignment : 8
    guard let section = shared, plans[section].byteCount + alignment + literal.byteCount <= Self.sharedBytes else {
      shared = plans.count
      return addSection(.raw, literal)
    }
    let end = plans[section].byteCount
    let offset = (end + alignment - 1) / alignment * alignment
    places[literal] = WeightPlace(section: section, offset: offset)
    plans[section].parts.append(Plan.Part(offset: offset, literal: literal))
  }
}

/// The literals of a module that have bytes, each once, in order.
private struct LiteralCollector {
  private(set) var all: [TensorLiteral] = []
  private(set) var named: [(name: ByteString, literal: TensorLiteral)] = []
  private var known: Set<TensorLiteral> = []

  mutating func collect(_ module: Module) {
    for function in module.functions { collect(function.attributeDefaults) }
    module.forEachGraph { graph in
      for argument in graph.arguments {
        guard let literal = argument.defaultLiteral else { continue }
        collect(literal)
        named.append((argument.name, literal))
      }
      for operation in graph.operations {
        collect(operation.attributes)
        if let literal = operation.literal, let name = operation.result()?.name { named.append((name, literal)) }
      }
    }
  }

  private mutating func collect(_ attributes: Attributes) {
    for attribute in attributes.all {
      switch attribute.value {
      case .tensor(let literal): collect(literal)
      case .tensors(let literals):
        for literal in literals { collect(literal) }
      case .sparseTensor(let literal): collect(literal)
      case .sparseTensors(let literals):
        for literal in literals { collect(literal) }
      case .int, .float, .string, .type, .ints, .floats, .strings, .types, .reference: break
      }
    }
  }

  private mutating func collect(_ literal: SparseLiteral) {
    collect(literal.values)
    collect(literal.indices)
  }

  private mutating func collect(_ literal: TensorLiteral) {
    guard literal.byteCount > 0, known.insert(literal).inserted else { return }
    all.append(literal)
  }
}
