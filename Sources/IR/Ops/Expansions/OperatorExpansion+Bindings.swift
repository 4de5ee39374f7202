extension OperatorExpansion {
  /// What the names in a body mean for one operation.
  package struct Bindings {
    var flags: Set<String> = []
    private let elementType: ElementType?
    private var texts: [String: String] = [:]

    init(_ operation: Operation) {
      elementType = operation.operand(0)?.tensorType?.elementType
      var names = operation.definition.attributes.map(\.name)
      names += operation.attributes.all.map(\.name).filter { !names.contains($0) }
      for name in names {
        if let text = operation.attribute(name).flatMap(text(of:)) { texts[name.text] = text }
      }
      if let elementType { texts["T"] = String(elementType.dataType) }
    }

    /// Makes `$name` a number.
    mutating func set(_ name: String, _ value: Int) { texts[name] = String(value) }

    /// Makes `$name` a number where the operation does not say it.
    mutating func setDefault(_ name: String, _ text: String) {
      if texts[name] == nil { texts[name] = text }
    }

    /// Makes `$name` a word of the text.
    mutating func set(_ name: String, word: String) { texts[name] = word }

    /// Makes `constant $name` a vector.
    mutating func set(_ name: String, vector: [Int]) {
      texts[name] = "[\(vector.map(String.init).joined(separator: ", "))] : i64[\(vector.count)]"
    }

    /// The body with the lines that apply, and the names replaced.
    func instantiate(_ body: String) throws -> String {
      try body.split(separator: "\n").compactMap { line in try applicable(line).map(substitute) }
        .joined(separator: "\n")
    }

    /// The line without its conditions; `nil` where one does not hold.
    private func applicable(_ line: Substring) -> Substring? {
      var rest = line.drop { $0 == " " }
      while rest.first == "[", let end = rest.firstIndex(of: "]") {
        let condition = rest[rest.index(after: rest.startIndex)..<end]
        let isNegated = condition.first == "!"
        guard flags.contains(String(isNegated ? condition.dropFirst() : condition)) != isNegated else { return nil }
        rest = rest[rest.index(after: end)...].drop { $0 == " " }
      }
      return rest
    }

    private func substitute(_ line: Substring) throws -> String {
      var result = ""
      var rest = line[...]
      while let dollar = rest.firstIndex(of: "$") {
        let after = rest.index(after: dollar)
        guard !rest[after...].hasPrefix("$") else {
          result += rest[...dollar]
          rest = rest[after...].dropFirst()
          continue
        }
        let name = rest[after...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        guard let text = texts[String(name)] else {
          throw ModelError(.invalidModel, name == "T" ? Self.unknownType : "'\(name)' is not known")
        }
        result += rest[..<dollar] + text
        rest = rest[name.endIndex...]
      }
      result += rest
      guard result.contains(": T[") else { return result }
      guard let elementType else { throw ModelError(.invalidModel, Self.unknownType) }
      return result.replacing(": T[", with: ": \(elementType.rawValue)[")
    }

    private static let unknownType = "the element type of its first operand is not known"

    /// An attribute as text. Fractions have no place among integers.
    private func text(of value: AttributeValue) -> String? {
      switch value {
      case .int(let number): return String(number)
      case .float(let number):
        guard let elementType, ElementTypes.integer.contains(elementType) else { return Double(number).description }
        return Int64(exactly: number.rounded(.towardZero)).map { String($0) }
      case .ints(let numbers): return "[\(numbers.map { String($0) }.joined(separator: ", "))]"
      case .string, .floats, .strings, .tensor, .sparseTensor, .type, .tensors, .sparseTensors, .types, .reference:
        return nil
      }
    }
  }
}

extension Operation {
  /// The rank of the operand at `index`.
  ///
  /// - Throws: `ModelError` where it is not known.
  func knownRank(_ index: Int) throws -> Int {
    guard let rank = operand(index)?.tensorType?.rank else {
      throw ModelError(.invalidModel, "the rank of its operand \(index) is not known")
    }
    return rank
  }

  /// The element type of the operand at `index`.
  ///
  /// - Throws: `ModelError` where it is not known.
  func knownElementType(_ index: Int) throws -> ElementType {
    guard let type = operand(index)?.tensorType?.elementType else {
      throw ModelError(.invalidModel, "the element type of its operand \(index) is not known")
    }
    return type
  }
}
