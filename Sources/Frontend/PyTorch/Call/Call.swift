import IR

/// One operation as its lowering sees it: its operands by the names of the ATen schema, and the means to build.
///
/// The program leaves out operands that have their default: each lowering says the schema's default where it asks.
struct Call {
  let lowering: ProgramGraphLowering
  let node: Node
  /// What stands for the first operand: a view is lowered again on another value of its base.
  private var base: Value?
  /// Which part of complex numbers operands stand for: 0 the real one, 1 the imaginary one.
  private(set) var chosenPart: Int?
  /// What operands of floating point are converted to, as autocast does.
  private var conversion: ElementType?

  init(_ lowering: ProgramGraphLowering, _ node: Node) {
    self.lowering = lowering
    self.node = node
  }

  func with(base: Value) -> Call {
    var call = self
    call.base = base
    return call
  }

  /// The call on one part of complex numbers.
  func part(_ index: Int) -> Call {
    var call = self
    call.chosenPart = index
    return call
  }

  /// The call on operands that are converted to `type`, where that is one.
  func converting(to type: ElementType?) -> Call {
    var call = self
    call.conversion = type
    return call
  }

  private func converted(_ value: Value) throws -> Value {
    guard let conversion, let type = value.tensorType?.elementType, MixedPrecision.converts(type, to: conversion)
    else { return value }
    return try cast(value, to: conversion)
  }

  var builder: GraphBuilder { lowering.builder }
  var firstName: String { node.inputs.first?.name ?? "" }
  var secondName: String { node.inputs.dropFirst().first?.name ?? "" }

  func argument(_ name: String) -> Argument? {
    guard let argument = node.inputs.first(where: { $0.name == name })?.argument else { return nil }
    if case .none = argument { return nil }
    return argument
  }

  /// Whether the result at `index` is used by anything.
  func isUsed(_ index: Int) -> Bool {
    guard node.outputs.indices.contains(index), let name = node.outputs[index].name else { return false }
    return lowering.isUsed(name)
  }

  /// That an operand is not what its lowering needs.
  func wrong(_ name: String, _ what: String) -> ModelError {
    ModelError(.invalidModel, "has no operand '\(name)' that is \(what)")
  }

  // MARK: Tensors

  func tensor(_ name: String) throws -> Tensor {
    guard case .tensor(let source)? = argument(name) else { throw wrong(name, "a tensor") }
    switch try lowering.binding(source) {
    case .tensor(let tensor): return tensor
    case .missing: throw MissingOperand()
    case .integer, .float, .bool: throw wrong(name, "a tensor")
    }
  }

  func value(_ name: String) throws -> Value {
    let value = try stored(name)
    return try isComplex(name) ? chosen(value) : value
  }

  func isComplex(_ name: String) throws -> Bool { try tensor(name).isComplex }

  /// The value that stands for an operand: pairs for complex numbers.
  func stored(_ name: String) throws -> Value {
    if let base, name == firstName { return base }
    return try converted(tensor(name).read())
  }

  /// The part of complex numbers that this call is about.
  private func chosen(_ pairs: Value) throws -> Value {
    guard let chosenPart else { throw UnsupportedForm("is of complex numbers") }
    return try part(chosenPart, of: pairs)
  }

  func optionalValue(_ name: String) throws -> Value? {
    argument(name) == nil ? nil : try value(name)
  }

  /// The operand that most operators have first.
  func input() throws -> Value { try value(firstName) }

  func values(_ name: String) throws -> [Value] {
    try optionalValues(name).map {
      guard let value = $0 else { throw wrong(name, "a list of tensors") }
      return value
    }
  }

  func optionalValues(_ name: String) throws -> [Value?] {
    guard case .tensors(let names)? = argument(name) else { throw wrong(name, "a list of tensors") }
    return try names.map { name in
      guard let name else { return nil }
      switch try lowering.binding(name) {
      case .tensor(let tensor): return try tensor.isComplex ? chosen(tensor.read()) : converted(tensor.read())
      case .missing: throw MissingOperand()
      case .integer, .float, .bool: throw wrong(name, "a tensor")
      }
    }
  }

  // MARK: Types

  func rank(_ value: Value) throws -> Int {
    guard let rank = value.tensorType?.rank else { throw UnsupportedForm("has an operand of unknown rank") }
    return rank
  }

  func shape(_ value: Value) throws -> Shape {
    guard let shape = value.tensorType?.shape else { throw UnsupportedForm("has an operand of unknown rank") }
    return shape
  }

  func elementType(_ value: Value) throws -> ElementType {
    guard let type = value.tensorType?.elementType else {
      throw UnsupportedForm("has an operand of unknown element type")
    }
    return type
  }

  /// No axis of a real tensor is longer; sums and products of a few such extents are numbers.
  static let maximumExtent = 1 << 30

  /// The extent of an axis where it is a number.
  func knownExtent(_ value: Value, _ axis: Int) throws -> Int {
    let shape = try shape(value)
    guard shape.indices.contains(axis), let extent = shape[axis].value else {
      throw UnsupportedForm("needs an extent that is not known")
    }
    guard extent <= Self.maximumExtent else { throw UnsupportedForm("has an axis of \(extent) elements") }
    return extent
  }

  /// Whether `value` has a batch, which an operation on `axes` spatial axes takes or does without.
  func hasBatch(_ value: Value, axes: Int) throws -> Bool {
    let rank = try rank(value)
    guard rank == axes + 2 || rank == axes + 1 else {
      throw ModelError(.invalidModel, "has an operand of rank \(rank) for \(axes) spatial axes")
    }
    return rank == axes + 2
  }

  /// Numbers that are sizes: neither negative nor beyond any real axis.
  func sizes(_ name: String, _ count: Int, default value: Int? = nil) throws -> [Int] {
    let list = try perAxis(name, count, default: value)
    guard list.allSatisfy({ (0...Self.maximumExtent).contains($0) }) else {
      throw ModelError(.invalidModel, "has the '\(name)' \(list)")
    }
    return list
  }
}
