import Synchronization

/// What each version of an operator added: decides in which opsets an operation can be said.
///
/// Known of every operator of ONNX's domains, declared here or not.
package struct OperatorHistory: Sendable {
  /// Something that the newest form can say and older ones could not.
  package enum Feature: Hashable, Sendable {
    case attribute(ByteString)
    case operand(Int)
    /// The operand may be absent.
    case absentOperand(Int)
    /// The operand may be of another element type than an earlier one.
    case differentElementTypes(Int, Int)
    case operandTypes(Int, ElementTypes)
    case operandKind(Int, Kind)
    case result(Int)
    case resultTypes(Int, ElementTypes)
    case resultKind(Int, Kind)

    /// Whether this is about types alone.
    package var isType: Bool {
      switch self {
      case .differentElementTypes, .operandTypes, .operandKind, .resultTypes, .resultKind: true
      case .attribute, .operand, .absentOperand, .result: false
      }
    }
  }

  /// A kind of value that is no tensor.
  package enum Kind: String, Hashable, Sendable {
    case sequence = "seq"
    case optional
  }

  /// A feature, and the version from which on the operator has it.
  package struct Addition: Hashable, Sendable {
    package let feature: Feature
    package let version: Int
  }

  /// The opsets at which the definition changed, ascending.
  package let versions: [Int]
  /// Whether the newest of them says that the operator is not to be used any more.
  package let isDeprecated: Bool
  /// Features newer than the oldest opset that is written.
  package let additions: [Addition]

  /// The history of an operator; `nil` for one that ONNX does not define.
  package static func of(domain: ByteString, name: ByteString) -> OperatorHistory? {
    let key = OpCatalog.Key(domain == "ai.onnx" ? "" : domain, name)
    return read.withLock { read in
      if let known = read[key] { return known }
      let history = table[key].map { OperatorHistory(line: $0) }
      read[key] = history
      return history
    }
  }

  /// The lines of the table that somebody asked for.
  private static let read = Mutex<[OpCatalog.Key: OperatorHistory]>([:])

  /// The version that counts in an opset; `nil` where the operator came later.
  package func version(inOpset opset: Int) -> Int? { versions.last { $0 <= opset } }

  /// Whether `version` says that the operator is not to be used any more.
  package func isDeprecated(_ version: Int) -> Bool { isDeprecated && version == versions.last }

  /// The opsets in which `version` counts.
  package func opsets(of version: Int) -> ClosedRange<Int> {
    let last = versions.first { $0 > version }.map { $0 - 1 } ?? Int.max
    return version...max(version, last)
  }
}

// MARK: - Reading the table

extension OperatorHistory {
  /// Reads a line of the table: versions, then additions.
  init(line: StaticString) {
    var versions: [Int] = []
    var additions: [Addition] = []
    var isDeprecated = false
    line.withUTF8Buffer { line in
      for word in line.split(separator: UInt8(ascii: " ")) {
        let parts = word.split(separator: UInt8(ascii: "@"))
        if parts.count == 2, let version = Self.number(parts[1]) {
          additions += Self.features(parts[0]).map { Addition(feature: $0, version: version) }
        } else if word.first == UInt8(ascii: "!") {
          isDeprecated = true
          versions += Self.number(word.dropFirst()).map { [$0] } ?? []
        } else if let version = Self.number(word) {
          versions.append(version)
        }
      }
    }
    self.versions = versions
    self.isDeprecated = isDeprecated
    self.additions = additions
  }

  private typealias Word = Slice<UnsafeBufferPointer<UInt8>>

  private static func features(_ word: Word) -> [Feature] {
    if word.first == UInt8(ascii: ".") { return [.attribute(ByteString(word.dropFirst()))] }
    let isResult = word.first == UInt8(ascii: ">")
    let body = isResult ? word.dropFirst() : word
    let digits = body.prefix(while: isDigit)
    guard let index = number(digits) else { return [] }
    let rest = body.dropFirst(digits.count)
    switch rest.first {
    case nil: return [isResult ? .result(index) : .operand(index)]
    case UInt8(ascii: "?"): return [.absentOperand(index)]
    case UInt8(ascii: "~"): return number(rest.dropFirst()).map { [.differentElementTypes(index, $0)] } ?? []
    default: break
    }
    let names = rest.dropFirst().split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
    let types = names.compactMap(ElementType.init(rawValue:)).reduce(into: ElementTypes()) {
      $0.insert(ElementTypes($1))
    }
    let kinds = names.compactMap(Kind.init(rawValue:))
    return (types.isEmpty ? [] : [isResult ? .resultTypes(index, types) : .operandTypes(index, types)])
      + kinds.map { isResult ? .resultKind(index, $0) : .operandKind(index, $0) }
  }

  /// The number that all of the word is.
  private static func number(_ word: Word) -> Int? {
    guard !word.isEmpty, word.allSatisfy(isDigit) else { return nil }
    return word.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

// MARK: - What an operation uses

extension Operation {
  /// Whether the operation, in the IR's form, says something that only operators with the feature can.
  package func uses(_ feature: OperatorHistory.Feature) -> Bool {
    switch feature {
    case .attribute(let name):
      guard let value = attributes[name] else { return false }
      let declared = definition.attributes.first { $0.name == name }
      if case .ints(let numbers) = value, let each = declared?.eachDefault { return numbers.contains { $0 != each } }
      return value != declared?.defaultValue
    case .operand(let index): return operand(index) != nil
    case .absentOperand(let index): return operand(index) == nil
    case .differentElementTypes(let index, let other):
      guard let a = operand(index)?.tensorType?.elementType, let b = operand(other)?.tensorType?.elementType else {
        return false
      }
      return a != b
    case .operandTypes(let index, let types): return operands(at: index).contains { $0.type.isTensor(of: types) }
    case .operandKind(let index, let kind): return operands(at: index).contains { $0.type.isKind(kind) }
    case .result(let index): return result(index) != nil
    case .resultTypes(let index, let types): return results(at: index).contains { $0.type.isTensor(of: types) }
    case .resultKind(let index, let kind): return results(at: index).contains { $0.type.isKind(kind) }
    }
  }

  /// The operands that the declaration's operand `index` stands for: several where it is variadic.
  private func operands(at index: Int) -> [Value] {
    if case .variadic? = definition.operands.last?.arity, index == definition.operands.count - 1 {
      return operands.dropFirst(index).compactMap { $0 }
    }
    return operand(index).map { [$0] } ?? []
  }

  private func results(at index: Int) -> [Value] {
    if definition.results.last?.arity == .variadic, index == definition.results.count - 1 {
      return results.dropFirst(index).compactMap { $0 }
    }
    return result(index).map { [$0] } ?? []
  }
}

extension ValueType {
  fileprivate func isTensor(of types: ElementTypes) -> Bool { tensor.map { types.contains($0.elementType) } ?? false }

  fileprivate func isKind(_ kind: OperatorHistory.Kind) -> Bool {
    switch (self, kind) {
    case (.sequence, .sequence), (.optional, .optional): true
    case (.sequence, _), (.optional, _), (.tensor, _), (.sparseTensor, _), (.map, _), (.opaque, _), (.unknown, _): false
    }
  }
}

// MARK: - What a target admits

extension OpsetVersions {
  /// Whether an operation of the operator can be written in these opsets in some form. A domain that is not listed
  /// admits nothing.
  package func admits(_ definition: OpDefinition) -> Bool {
    guard definition.form == .declared else { return true }
    return (self[definition.domain] ?? 0) >= definition.versions.first ?? 1
  }

  /// Whether an operator can be written in these opsets with all of `features`.
  package func admits(_ definition: OpDefinition, _ features: OperatorHistory.Feature...) -> Bool {
    guard admits(definition) else { return false }
    guard let version = self[definition.domain],
      let history = OperatorHistory.of(domain: definition.domain, name: definition.name)
    else { return true }
    return history.additions.allSatisfy { addition in
      addition.version <= version || !features.contains { $0.overlaps(addition.feature) }
    }
  }
}

extension OperatorHistory.Feature {
  fileprivate func overlaps(_ other: Self) -> Bool {
    if case .operandTypes(let a, let x) = self, case .operandTypes(let b, let y) = other {
      return a == b && !x.isDisjoint(with: y)
    }
    if case .resultTypes(let a, let x) = self, case .resultTypes(let b, let y) = other {
      return a == b && !x.isDisjoint(with: y)
    }
    return self == other
  }
}
