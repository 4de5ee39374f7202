/// What an attribute of an operation holds. Graph-valued attributes are regions, not attributes.
package enum AttributeValue: Hashable, Sendable {
  case int(Int64)
  case float(Float)
  case string(ByteString)
  case tensor(TensorLiteral)
  case sparseTensor(SparseLiteral)
  case type(ValueType)
  case ints([Int64])
  case floats([Float])
  case strings([ByteString])
  case tensors([TensorLiteral])
  case sparseTensors([SparseLiteral])
  case types([ValueType])
  /// Inside a function: the value of the function's attribute of that name.
  case reference(ByteString, kind: AttributeKind)

  package var kind: AttributeKind {
    switch self {
    case .int: .int
    case .float: .float
    case .string: .string
    case .tensor: .tensor
    case .sparseTensor: .sparseTensor
    case .type: .type
    case .ints: .ints
    case .floats: .floats
    case .strings: .strings
    case .tensors: .tensors
    case .sparseTensors: .sparseTensors
    case .types: .types
    case .reference(_, let kind): kind
    }
  }
}

extension AttributeValue {
  /// The number by which attributes say an element type.
  package static func elementType(_ type: ElementType) -> AttributeValue { .int(Int64(type.dataType)) }
}

/// The kinds of attribute that ONNX knows.
package enum AttributeKind: String, Hashable, Sendable, CaseIterable {
  case int, float, string, tensor, graph, type, ints, floats, strings, tensors, graphs, types
  case sparseTensor = "sparse_tensor"
  case sparseTensors = "sparse_tensors"
}

/// A named attribute as its file wrote it.
package struct Attribute: Hashable, Sendable {
  package let name: ByteString
  package var value: AttributeValue
  /// Documentation, unknown fields; `nil` almost always.
  package var annotations: Annotations?

  package init(_ name: ByteString, _ value: AttributeValue, annotations: Annotations? = nil) {
    self.name = name
    self.value = value
    self.annotations = annotations
  }
}

/// An operation's attributes, sorted by name, each name once. Only those written in the file: accessors of `Operation`
/// supply defaults.
package struct Attributes: Hashable, Sendable {
  package private(set) var all: [Attribute]

  package init(_ attributes: [Attribute] = []) {
    all = attributes.count > 1 ? attributes.sorted { $0.name < $1.name } : attributes
  }

  package subscript(name: ByteString) -> AttributeValue? {
    get { all.first { $0.name == name }?.value }
    set {
      let index = all.firstIndex { $0.name >= name } ?? all.endIndex
      let exists = index < all.endIndex && all[index].name == name
      switch (newValue, exists) {
      case (let value?, true): all[index].value = value
      case (let value?, false): all.insert(Attribute(name, value), at: index)
      case (nil, true): all.remove(at: index)
      case (nil, false): break
      }
    }
  }

  package var isEmpty: Bool { all.isEmpty }
}

extension Attributes: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (ByteString, AttributeValue)...) {
    self.init(elements.map { Attribute($0.0, $0.1) })
  }
}
