import IR

extension ProgramGraphLowering {
  /// The value of an output of the graph; `nil` for one that is no value at all.
  ///
  /// - Throws: `MissingOperand` where it comes of an operation without a lowering.
  func output(_ argument: Argument) throws -> Value? {
    let call = call()
    switch argument {
    case .tensor(let name), .integer(.name(let name)), .symbolicFloat(let name), .symbolicBool(let name):
      switch try binding(name) {
      case .tensor(let tensor) where tensor.isComplex:
        throw ModelError(
          .invalidModel, "has the output '\(name)' of complex numbers; return torch.view_as_real of it")
      case .tensor(let tensor): return try tensor.read()
      case .integer(let vector): return try call.element(vector)
      case .float(let value), .bool(let value): return value
      case .missing: throw MissingOperand()
      }
    case .integer(.number(let value)): return try builder.constant(value)
    case .float(let value): return try call.scalar(value, .float32)
    case .bool(let value): return try call.scalar(value ? 1 : 0, .bool)
    case .none, .string, .placement, .elementType: return nil
    case .tensors, .integers, .floats, .bools, .graph, .complex, .other:
      throw ModelError(.invalidModel, "has an output that is no tensor")
    }
  }

  /// What the graph's outputs stand for.
  func outputBindings() throws -> [Binding] {
    try graph.outputs.flatMap { argument -> [Binding] in
      switch argument {
      case .tensors(let names): return try names.map { try $0.map { try binding($0) } ?? .missing }
      default:
        if let name = argument.name { return [try binding(name)] }
        guard let value = try output(argument) else { return [.missing] }
        return [.tensor(Tensor("", value))]
      }
    }
  }
}
