import IR

extension OperatorReference {
  /// A line of JSON for each operator of ONNX's domains: all that its declaration says of its form.
  package static var json: String {
    OpCatalog.all.filter { $0.form == .declared }.map { object(of: $0).text + "\n" }.joined()
  }

  private static func object(of definition: OpDefinition) -> JSON {
    .object([
      "domain": .string(definition.domain.text), "name": .string(definition.name.text),
      "versions": .list(definition.versions.map { .integer($0) }), "summary": .string(definition.summary),
      "operands": .list(definition.operands.map { object(of: $0) }),
      "results": .list(definition.results.map { object(of: $0) }),
      "attributes": .list(definition.attributes.map { object(of: $0) }),
    ])
  }

  private static func object(of operand: OperandDefinition) -> JSON {
    let arity: (name: String, minimum: Int) =
      switch operand.arity {
      case .required: ("required", 1)
      case .optional: ("optional", 0)
      case .variadic(let minimum): ("variadic", minimum)
      }
    return .object([
      "name": .string(operand.name), "arity": .string(arity.name), "minimum": .integer(arity.minimum),
      "types": .list(operand.elementTypes.members.map { .string($0.rawValue) }),
      "same_type_as": .optional(operand.elementTypeSource),
      "other_kinds": .integer(operand.acceptsNonTensors ? 1 : 0),
      "heterogeneous": .integer(operand.isHeterogeneous ? 1 : 0),
    ])
  }

  private static func object(of result: ResultDefinition) -> JSON {
    let arity =
      switch result.arity {
      case .required: "required"
      case .optional: "optional"
      case .variadic: "variadic"
      }
    let source: (type: String?, operand: String?) =
      switch result.rule {
      case .same(let operand): (nil, operand)
      case .fixed(let type): (type.rawValue, nil)
      case .anything: (nil, nil)
      }
    return .object([
      "name": .string(result.name), "arity": .string(arity), "type": .optional(source.type),
      "same_type_as": .optional(source.operand),
    ])
  }

  private static func object(of attribute: AttributeDefinition) -> JSON {
    .object([
      "name": .string(attribute.name.text), "kind": .string(attribute.kind.rawValue),
      "required": .integer(attribute.isRequired ? 1 : 0), "default": json(of: attribute.defaultValue),
    ])
  }

  /// The value of an attribute as far as defaults go: numbers, strings and lists of them.
  private static func json(of value: AttributeValue?) -> JSON {
    switch value {
    case nil: .null
    case .int(let number)?: .integer(Int(number))
    case .float(let number)?: .number(Double(number))
    case .string(let text)?: .string(text.text)
    case .ints(let numbers)?: .list(numbers.map { .integer(Int($0)) })
    case .floats(let numbers)?: .list(numbers.map { .number(Double($0)) })
    case .strings(let texts)?: .list(texts.map { .string($0.text) })
    case .tensor?, .sparseTensor?, .type?, .tensors?, .sparseTensors?, .types?, .reference?: .null
    }
  }
}
