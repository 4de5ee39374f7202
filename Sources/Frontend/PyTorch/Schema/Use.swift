extension ProgramGraph {
  /// The names of the tensors whose elements are written in place, by themselves or through what may be a view of them.
  func writtenNames() -> Set<String> {
    var bases: [String: String] = [:]
    var written: Set<String> = []
    for node in nodes {
      guard let first = node.inputs.first?.argument.name else { continue }
      let base = bases[first] ?? first
      switch node.lowering {
      case .inPlace?: written.insert(base)
      case .view?: break
      case .values?, .symbol?, .graphs?, .assertion?, nil: continue
      }
      for output in node.outputs { output.forEachName { bases[$0] = base } }
    }
    return written
  }

  /// The names that `outputs` depend on, besides what only assertions ask for.
  func usedNames(for outputs: [Argument]) -> Set<String> {
    var used: Set<String> = []
    for output in outputs { output.forEachName { used.insert($0) } }
    for node in nodes.reversed() where node.isNeeded(used) {
      for input in node.inputs { input.argument.forEachName { used.insert($0) } }
    }
    return used
  }
}

extension Node {
  /// The operator as PyTorch's documentation calls it.
  var operatorName: String { target.hasPrefix("torch.ops.") ? String(target.dropFirst("torch.ops.".count)) : target }

  /// The lowering of the operator, or of what is ordered by tokens so that its effects stay in order: only assertions
  /// are, whose order does not matter.
  var lowering: Lowering? {
    if target == "torch.ops.higher_order.with_effects", inputs.count > 1, case .string(let name) = inputs[1].argument,
      case .assertion? = Lowering.of(name)
    {
      return .assertion
    }
    return Lowering.of(target) ?? Lowering.ofComplexNumbers(target)
  }

  /// Whether the operation has an effect, or a result that is used.
  func isNeeded(_ used: Set<String>) -> Bool {
    switch lowering {
    case .assertion?: return false
    case .values?, .view?, .symbol?: break
    case .inPlace?, .graphs?: return true
    case nil: if !operatorName.hasPrefix("aten.") || operatorName.contains("_.") { return true }
    }
    var isUsed = false
    for output in outputs { output.forEachName { isUsed = isUsed || used.contains($0) } }
    return isUsed
  }
}

extension Argument {
  func forEachName(_ body: (String) -> Void) {
    switch self {
    case .tensor(let name), .integer(.name(let name)), .symbolicFloat(let name), .symbolicBool(let name): body(name)
    case .tensors(let names): for case let name? in names { body(name) }
    case .integers(let list): for case .name(let name) in list { body(name) }
    case .none, .integer, .float, .floats, .bool, .bools, .string, .elementType, .graph, .complex, .placement, .other:
      break
    }
  }
}
