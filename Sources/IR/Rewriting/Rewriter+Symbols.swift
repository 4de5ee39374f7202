extension Module {
  /// The names of the symbols in the types of all values, each once, in the order in which they occur.
  package var symbolNames: [ByteString] {
    var seen: Set<ByteString> = []
    var names: [ByteString] = []
    func collect(_ type: ValueType) {
      _ = type.mapDimensions { dimension in
        dimension.forEachSymbol { if seen.insert($0.name).inserted { names.append($0.name) } }
        return dimension
      }
    }
    forEachGraph { graph in
      for argument in graph.arguments { collect(argument.type) }
      for operation in graph.operations {
        for result in operation.presentResults { collect(result.type) }
      }
      for output in graph.outputs { collect(output.type) }
    }
    return names
  }
}

extension Rewriter {
  /// Says of symbols what numbers they are or may be, wherever they occur, and infers what follows from that.
  ///
  /// - Throws: `ModelError` where the module is wrong for these numbers.
  package func bind(_ ranges: [ByteString: ClosedRange<Int>]) throws {
    var dimensions: [ByteString: Dimension] = [:]
    for (name, range) in ranges {
      dimensions[name] =
        range.lowerBound == range.upperBound
        ? .known(range.lowerBound) : .symbolic(Polynomial(symbol: Symbol(name, in: range)))
    }
    func bound(_ type: ValueType) -> ValueType { type.mapDimensions { $0.replacing(dimensions) } }
    func bind(_ value: Value) {
      value.type = bound(value.type)
      value.declaredType = value.declaredType.map(bound)
      value.contents = value.contents?.map { $0.replacing(dimensions) }
    }
    module.forEachGraph { graph in
      graph.arguments.forEach(bind)
      for index in graph.outputs.indices { graph.outputs[index].type = bound(graph.outputs[index].type) }
      for operation in graph.operations {
        operation.presentResults.forEach(bind)
        bindAttributes(of: operation, bound)
      }
    }
    noteMutation()
    try module.inferTypes()
  }

  private func bindAttributes(of operation: Operation, _ bound: (ValueType) -> ValueType) {
    for attribute in operation.attributes.all {
      switch attribute.value {
      case .type(let type): setAttribute(attribute.name, of: operation, to: .type(bound(type)))
      case .types(let types): setAttribute(attribute.name, of: operation, to: .types(types.map(bound)))
      case .int, .float, .string, .tensor, .sparseTensor, .ints, .floats, .strings, .tensors, .sparseTensors,
        .reference:
        break
      }
    }
  }
}
