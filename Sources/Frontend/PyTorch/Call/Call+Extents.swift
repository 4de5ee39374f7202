import IR

extension Call {
  func extent(_ name: String) throws -> Extent {
    guard case .integer(let integer)? = argument(name) else {
      throw ModelError(.invalidModel, "has no operand '\(name)' that is an integer")
    }
    return try extent(integer)
  }

  func optionalExtent(_ name: String) throws -> Extent? {
    argument(name) == nil ? nil : try extent(name)
  }

  func optionalExtents(_ name: String) throws -> [Extent]? {
    argument(name) == nil ? nil : try extents(name)
  }

  func extents(_ name: String) throws -> [Extent] {
    switch argument(name) {
    case .integers(let list)?: return try list.map { try extent($0) }
    case .integer(let integer)?: return [try extent(integer)]
    default: throw ModelError(.invalidModel, "has no operand '\(name)' that is a list of integers")
    }
  }

  private func extent(_ integer: Argument.Integer) throws -> Extent {
    switch integer {
    case .number(let value): return .known(value)
    case .name(let name):
      switch try lowering.binding(name) {
      case .integer(let value):
        if let known = value.contents?.first?.value { return .known(known) }
        return .symbolic(value)
      case .tensor(let tensor): return .symbolic(try vector(cast(tensor.read(), to: .int64)))
      case .missing: throw MissingOperand()
      case .float, .bool: throw ModelError(.invalidModel, "takes '\(name)' for an integer")
      }
    }
  }
}
