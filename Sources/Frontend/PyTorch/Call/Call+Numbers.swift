import IR

/// Operands that are known while a program is lowered: numbers, axes, truths, texts.
extension Call {
  func optionalInt(_ name: String) throws -> Int? {
    switch argument(name) {
    case nil: return nil
    case .integer(.number(let value))?: return value
    case .integer(.name)?:
      guard let value = try extent(name).known else { throw UnsupportedForm("has a '\(name)' that is not known") }
      return value
    case .bool(let value)?: return value ? 1 : 0
    default: throw wrong(name, "an integer")
    }
  }

  func int(_ name: String, default value: Int? = nil) throws -> Int {
    guard let result = try optionalInt(name) ?? value else { throw wrong(name, "an integer") }
    return result
  }

  func optionalInts(_ name: String) throws -> [Int]? {
    switch argument(name) {
    case nil: return nil
    case .integer(.number(let value))?: return [value]
    case .integers?, .integer?:
      return try extents(name).map {
        guard let value = $0.known else { throw UnsupportedForm("has a '\(name)' that is not known") }
        return value
      }
    default: throw wrong(name, "a list of integers")
    }
  }

  func ints(_ name: String, default value: [Int]? = nil) throws -> [Int] {
    guard let result = try optionalInts(name) ?? value else { throw wrong(name, "a list of integers") }
    return result
  }

  func optionalFloat(_ name: String) throws -> Double? {
    switch argument(name) {
    case nil: return nil
    case .float(let value)?: return value
    case .integer(.number(let value))?: return Double(value)
    case .bool(let value)?: return value ? 1 : 0
    case .symbolicFloat?, .integer?: throw UnsupportedForm("has a '\(name)' that is not known")
    default: throw wrong(name, "a number")
    }
  }

  func float(_ name: String, default value: Double? = nil) throws -> Double {
    guard let result = try optionalFloat(name) ?? value else { throw wrong(name, "a number") }
    return result
  }

  func bool(_ name: String, default value: Bool? = nil) throws -> Bool {
    switch argument(name) {
    case .bool(let value)?: return value
    case .integer(.number(let value))?: return value != 0
    case nil:
      guard let value else { throw wrong(name, "a truth value") }
      return value
    default: throw wrong(name, "a truth value")
    }
  }

  func optionalString(_ name: String) throws -> String? {
    switch argument(name) {
    case nil: return nil
    case .string(let value)?: return value
    default: throw wrong(name, "a text")
    }
  }

  func optionalElementType(_ name: String) throws -> ElementType? {
    switch argument(name) {
    case nil: return nil
    case .elementType(let number)?:
      let type = try ElementType(scalarType: number)
      return chosenPart == nil ? type : type.ofParts
    default: throw wrong(name, "an element type")
    }
  }

  /// An axis counted from the front.
  func axis(_ name: String, default value: Int? = nil, rank: Int) throws -> Int {
    try axis(try int(name, default: value), rank: rank)
  }

  func axis(_ axis: Int, rank: Int) throws -> Int {
    // A tensor without axes takes 0 and -1.
    let rank = max(rank, 1)
    guard axis >= -rank, axis < rank else {
      throw ModelError(.invalidModel, "axis \(axis) is outside a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes counted from the front, each once; `nil` where none are named.
  func axes(_ name: String, rank: Int) throws -> [Int]? {
    guard let axes = try optionalInts(name) else { return nil }
    let result = try axes.map { try axis($0, rank: rank) }
    guard Set(result).count == result.count else { throw ModelError(.invalidModel, "axes \(axes) name an axis twice") }
    return result
  }

  /// One number for each of `count` axes, where the program may say one for all.
  func perAxis(_ name: String, _ count: Int, default value: Int? = nil) throws -> [Int] {
    let list = try ints(name, default: value.map { [$0] })
    if list.count == count { return list }
    if list.isEmpty, let value { return Array(repeating: value, count: count) }
    guard list.count == 1 else { throw ModelError(.invalidModel, "has \(list.count) of '\(name)' for \(count) axes") }
    return Array(repeating: list[0], count: count)
  }
}
