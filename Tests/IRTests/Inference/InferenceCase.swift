import Testing

@testable import IR

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  /// A number.
  public init(integerLiteral value: Int) { self = .known(value) }

  /// `"?"` is unknown, any other text a symbol.
  public init(stringLiteral value: StaticString) {
    self = value.description == "?" ? .unknown : .symbol(.init(value.description))
  }
}

/// What is known of an operand before inference.
struct Sample: Sendable {
  var type: ValueType?
  var contents: [Dimension]?

  static let absent = Sample(type: nil)
  static let unknown = Sample(type: .unknown)
  static func unranked(_ type: ElementType) -> Sample { Sample(type: .tensor(type, nil)) }
  static func of(_ type: ElementType, _ shape: Dimension...) -> Sample { Sample(type: .tensor(type, shape)) }
  static func f32(_ shape: Dimension...) -> Sample { Sample(type: .tensor(.float32, shape)) }
  static func i64(_ shape: Dimension...) -> Sample { Sample(type: .tensor(.int64, shape)) }
  static func bool(_ shape: Dimension...) -> Sample { Sample(type: .tensor(.bool, shape)) }

  /// An int64 vector whose elements are known.
  static func list(_ contents: Dimension...) -> Sample {
    Sample(type: .tensor(.int64, [.known(contents.count)]), contents: contents)
  }

  /// An int64 scalar whose element is known.
  static func scalar(_ content: Dimension) -> Sample { Sample(type: .tensor(.int64, []), contents: [content]) }

  /// The same elements of another type.
  func cast(to elementType: ElementType) -> Sample {
    Sample(type: .tensor(elementType, type?.tensor?.shape), contents: contents)
  }
}

/// One operation, and what inference has to say of it.
struct InferenceCase: Sendable, CustomTestStringConvertible {
  let definition: OpDefinition
  let operands: [Sample]
  let attributes: Attributes
  let resultCount: Int
  /// The results' types, each with ` = [...]` where something is known of its elements, joined by `; `.
  let expected: String?
  /// Part of the message of the error.
  let failure: String?

  init(
    _ definition: OpDefinition, _ operands: [Sample], _ attributes: Attributes = [:], results: Int = 1,
    gives expected: String
  ) {
    self.definition = definition
    self.operands = operands
    self.attributes = attributes
    self.resultCount = results
    self.expected = expected
    failure = nil
  }

  init(
    _ definition: OpDefinition, _ operands: [Sample], _ attributes: Attributes = [:], results: Int = 1,
    fails message: String
  ) {
    self.definition = definition
    self.operands = operands
    self.attributes = attributes
    self.resultCount = results
    expected = nil
    failure = message
  }

  var testDescription: String {
    let types = operands.map(\.description).joined(separator: ", ")
    return "\(definition.name)(\(types)) -> \(expected ?? failure ?? "")"
  }

  /// Infers and compares; then infers again with numbers for the symbols, which must not contradict what was said of
  /// all numbers.
  func check(sourceLocation: SourceLocation = #_sourceLocation) {
    switch infer(operands) {
    case .success(let results):
      let found = results.map(\.description).joined(separator: "; ")
      #expect(found == expected, sourceLocation: sourceLocation)
      checkAssignments(results, sourceLocation)
    case .failure(let error):
      #expect(failure.map(error.message.contains) ?? false, "\(error.message)", sourceLocation: sourceLocation)
    }
  }

  private func checkAssignments(_ results: [Sample], _ sourceLocation: SourceLocation) {
    let symbols: [ByteString] = ["n", "m"].filter { symbol in operands.contains { $0.mentions(symbol) } }
    guard !symbols.isEmpty else { return }
    for n in 0...6 {
      for m in symbols.count == 1 ? 0...0 : 0...6 {
        let values = Dictionary(zip(symbols, [n, m]), uniquingKeysWith: { first, _ in first })
        guard case .success(let concrete) = infer(operands.map { $0.assigned(values) }) else { continue }
        let isTrue = zip(results, concrete).allSatisfy { $0.assigned(values).isCompatible(with: $1) }
        #expect(isTrue, "\(values): \(results) but \(concrete)", sourceLocation: sourceLocation)
      }
    }
  }

  func infer(_ samples: [Sample]) -> Result<[Sample], ModelError> {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    let values = samples.enumerated().map { index, sample -> Value? in
      guard let type = sample.type else { return nil }
      let value = builder.addArgument(to: module.main, name: ByteString("x\(index)"), type: type)
      value.contents = sample.contents
      return value
    }
    let names = (0..<resultCount).map { Builder.ResultSpecification(ByteString("y\($0)")) }
    let operation = builder.insert(definition, operands: values, results: names, attributes: attributes)
    do {
      try definition.verify?(operation)
      try operation.inferTypes()
      return .success(operation.presentResults.map { Sample(type: $0.type, contents: $0.contents) })
    } catch {
      return .failure(error as? ModelError ?? ModelError(.internalFailure, "\(error)"))
    }
  }
}

extension Sample: CustomStringConvertible {
  var description: String {
    let type = type?.description ?? "_"
    return contents.map { "\(type) = \($0)" } ?? type
  }

  private var dimensions: [Dimension] { (type?.tensor?.shape ?? []) + (contents ?? []) }

  /// Whether anything known of this depends on the symbol.
  func mentions(_ symbol: ByteString) -> Bool {
    dimensions.contains {
      $0.assigned([symbol: 1]) != $0.assigned([symbol: 2]) || $0.assigned([symbol: 3]) != $0.assigned([:])
    }
  }

  /// The same with numbers for symbols.
  func assigned(_ values: [ByteString: Int]) -> Sample {
    func number(_ dimension: Dimension) -> Dimension { dimension.assigned(values).map { .known($0) } ?? .unknown }
    let shape = type?.tensor.map { TensorType($0.elementType, $0.shape?.map(number)) }
    return Sample(type: shape.map { .tensor($0) } ?? type, contents: contents?.map(number))
  }

  /// Whether a value may be both.
  func isCompatible(with other: Sample) -> Bool {
    guard type ?? .unknown == .unknown || (other.type ?? .unknown).isCompatible(with: type ?? .unknown) else {
      return false
    }
    guard let contents, let others = other.contents else { return true }
    return contents.count == others.count && zip(contents, others).allSatisfy { $0.isEqual(to: $1) != false }
  }
}
