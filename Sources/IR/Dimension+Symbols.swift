extension Dimension {
  /// Calls `body` with each symbol in it, as often as it occurs.
  package func forEachSymbol(_ body: (Symbol) -> Void) {
    if case .symbolic(let polynomial) = self { polynomial.forEachSymbol(body) }
  }

  /// The dimension with other ones in the place of symbols.
  package func replacing(_ symbols: [ByteString: Dimension]) -> Dimension {
    guard case .symbolic(let polynomial) = self else { return self }
    return polynomial.replacing(symbols)
  }
}

extension Polynomial {
  fileprivate func forEachSymbol(_ body: (Symbol) -> Void) {
    for term in terms {
      for factor in term.factors {
        switch factor {
        case .symbol(let symbol): body(symbol)
        case .floorQuotient(let numerator, let denominator):
          numerator.forEachSymbol(body)
          denominator.forEachSymbol(body)
        }
      }
    }
  }

  fileprivate func replacing(_ symbols: [ByteString: Dimension]) -> Dimension {
    terms.reduce(.known(0)) { sum, term in
      sum + term.factors.reduce(.known(term.coefficient)) { $0 * $1.replacing(symbols) }
    }
  }
}

extension Polynomial.Factor {
  fileprivate func replacing(_ symbols: [ByteString: Dimension]) -> Dimension {
    switch self {
    case .symbol(let symbol): symbols[symbol.name] ?? Dimension(Polynomial(factor: self))
    case .floorQuotient(let numerator, let denominator):
      numerator.replacing(symbols).floorDivided(by: denominator.replacing(symbols))
    }
  }
}

extension ValueType {
  /// The type with `change` made to each dimension.
  package func mapDimensions(_ change: (Dimension) -> Dimension) -> ValueType {
    switch self {
    case .tensor(let type): .tensor(TensorType(type.elementType, type.shape?.map(change)))
    case .sparseTensor(let type): .sparseTensor(TensorType(type.elementType, type.shape?.map(change)))
    case .sequence(let element): .sequence(element.mapDimensions(change))
    case .optional(let element): .optional(element.mapDimensions(change))
    case .map(let key, let value): .map(key: key, value: value.mapDimensions(change))
    case .opaque, .unknown: self
    }
  }
}
