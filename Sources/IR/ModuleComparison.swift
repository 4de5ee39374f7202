/// Walks two modules side by side and stops at the first difference.
struct ModuleComparison {
  /// What the walk throws when it finds one.
  private struct Difference: Error {
    let message: String
  }

  /// The values of the one module, and what stands at their places in the other.
  private var counterparts: [Value: Value] = [:]

  /// What differs first, in words; `nil` where the modules are equal.
  static func firstDifference(_ a: Module, _ b: Module) throws -> String? {
    var comparison = ModuleComparison()
    do {
      try comparison.compare(a, b)
      return nil
    } catch let difference as Difference {
      return difference.message
    }
  }

  // MARK: Modules and graphs

  private mutating func compare(_ a: Module, _ b: Module) throws {
    try require(a.name, b.name, "module", "name")
    try require(a.vocabulary, b.vocabulary, "module", "vocabulary")
    try require(a.target, b.target, "module", "target")
    try compare(a.annotations, b.annotations, "module")
    try compare(a.main, b.main, "graph '\(a.main.name)'")
    try require(a.functions.count, b.functions.count, "module", "number of functions")
    for (f, g) in zip(a.functions, b.functions) { try compare(f, g) }
  }

  private mutating func compare(_ a: Function, _ b: Function) throws {
    let place = "function '\(a.domain)::\(a.name)'"
    try require([a.domain, a.name, a.overload], [b.domain, b.name, b.overload], place, "identity")
    try require(a.attributes, b.attributes, place, "attributes")
    try compare(a.attributeDefaults, b.attributeDefaults, place)
    try require(a.opsets, b.opsets, place, "opsets")
    try compare(a.annotations, b.annotations, place)
    try compare(a.body, b.body, place)
  }

  private mutating func compare(_ a: Graph, _ b: Graph, _ place: String) throws {
    try require(a.name, b.name, place, "name")
    try require(a.arguments.count, b.arguments.count, place, "number of arguments")
    for (x, y) in zip(a.arguments, b.arguments) {
      try compare(x, y, place)
      try compare(x.defaultLiteral, y.defaultLiteral, "\(place): \(x)", "default")
    }
    try require(a.outputs.count, b.outputs.count, place, "number of outputs")
    for (x, y) in zip(a.outputs, b.outputs) {
      try require(x.name, y.name, place, "output")
      try require(x.type, y.type, "\(place): output '\(x.name)'", "type")
      try compare(x.annotations, y.annotations, "\(place): output '\(x.name)'")
    }
    try compare(a.annotations, b.annotations, place)
    var (left, right) = (a.operations.makeIterator(), b.operations.makeIterator())
    while true {
      switch (left.next(), right.next()) {
      case (let x?, let y?): try compare(x, y)
      case (let x?, nil): throw Difference(message: "\(place): \(x.place) is missing in the other")
      case (nil, let y?): throw Difference(message: "\(place): \(y.place) is in the other only")
      case (nil, nil): return
      }
    }
  }

  // MARK: Operations

  private mutating func compare(_ a: Operation, _ b: Operation) throws {
    let place = a.place
    try require(a.definition.qualifiedName, b.definition.qualifiedName, place, "operator")
    try require(a.definition.form, b.definition.form, place, "form of the operator")
    try require(a.overload, b.overload, place, "overload")
    try require(a.constantForm, b.constantForm, place, "form of the constant")
    try compareOperands(a, b, place)
    try require(a.results.map { $0?.name }, b.results.map { $0?.name }, place, "results")
    for case (let x?, let y?) in zip(a.results, b.results) { try compare(x, y, place) }
    try compare(a.attributes, b.attributes, place)
    try require(a.regions.map(\.name), b.regions.map(\.name), place, "regions")
    for (x, y) in zip(a.regions, b.regions) { try compare(x.graph, y.graph, "\(place): region '\(x.name)'") }
    try require(a.location, b.location, place, "location")
    try compare(a.annotations, b.annotations, place)
  }

  private func compareOperands(_ a: Operation, _ b: Operation, _ place: String) throws {
    try require(a.operandCount, b.operandCount, place, "number of operands")
    for (index, (x, y)) in zip(a.operands, b.operands).enumerated() where x.flatMap({ counterparts[$0] }) !== y {
      let (x, y) = (x?.description ?? "absent", y?.description ?? "absent")
      throw Difference(message: "\(place): operand \(index) is \(x), in the other \(y)")
    }
  }

  private mutating func compare(_ a: Value, _ b: Value, _ place: String) throws {
    try require(a.name, b.name, place, "name of a value")
    try require(a.type, b.type, "\(place): \(a)", "type")
    try require(a.declaredType, b.declaredType, "\(place): \(a)", "declared type")
    try compare(a.annotations, b.annotations, "\(place): \(a)")
    counterparts[a] = b
  }

  // MARK: Attributes

  private func compare(_ a: Attributes, _ b: Attributes, _ place: String) throws {
    try require(a.all.map(\.name), b.all.map(\.name), place, "attributes")
    for (x, y) in zip(a.all, b.all) {
      let place = "\(place): attribute '\(x.name)'"
      try compare(x.value, y.value, place)
      try compare(x.annotations, y.annotations, place)
    }
  }

  /// By bits and content, so that NaN equals itself and 0 differs from -0.
  private func compare(_ a: AttributeValue, _ b: AttributeValue, _ place: String) throws {
    switch (a, b) {
    case (.float(let x), .float(let y)): try require(x.bitPattern, y.bitPattern, place, "float's bits")
    case (.floats(let x), .floats(let y)): try require(x.map(\.bitPattern), y.map(\.bitPattern), place, "floats' bits")
    case (.tensor(let x), .tensor(let y)): try compare(x, y, place, "tensor")
    case (.tensors(let x), .tensors(let y)):
      try require(x.count, y.count, place, "number of tensors")
      for (x, y) in zip(x, y) { try compare(x, y, place, "tensor") }
    case (.sparseTensor(let x), .sparseTensor(let y)): try compare(x, y, place)
    case (.sparseTensors(let x), .sparseTensors(let y)):
      try require(x.count, y.count, place, "number of tensors")
      for (x, y) in zip(x, y) { try compare(x, y, place) }
    case (.int, _), (.float, _), (.string, _), (.tensor, _), (.sparseTensor, _), (.type, _), (.ints, _), (.floats, _),
      (.strings, _),
      (.tensors, _), (.sparseTensors, _), (.types, _), (.reference, _):
      try require(a, b, place, "value")
    }
  }

  private func compare(_ a: SparseLiteral, _ b: SparseLiteral, _ place: String) throws {
    try require(a.dimensions, b.dimensions, place, "dimensions")
    try compare(a.values, b.values, place, "values")
    try compare(a.indices, b.indices, place, "indices")
  }

  private func compare(_ a: TensorLiteral?, _ b: TensorLiteral?, _ place: String, _ what: String) throws {
    try require(a?.type, b?.type, place, "type of the \(what)")
    guard let a, let b, try !a.hasSameContent(as: b) else { return }
    throw Difference(message: "\(place): the elements of the \(what) differ")
  }

  // MARK: Annotations

  private func compare(_ a: Annotations?, _ b: Annotations?, _ place: String) throws {
    let (a, b) = (a ?? Annotations(), b ?? Annotations())
    try require(a.documentation, b.documentation, place, "documentation")
    try require(a.metadata.map(\.key), b.metadata.map(\.key), place, "metadata")
    for (x, y) in zip(a.metadata, b.metadata) { try require(x.value, y.value, place, "metadata '\(x.key)'") }
    try require(a.sortedProperties.map(\.key), b.sortedProperties.map(\.key), place, "properties")
    for (x, y) in zip(a.sortedProperties, b.sortedProperties) {
      try require(x.value, y.value, place, "property '\(x.key)'")
    }
  }

  private func require<Thing: Equatable>(_ a: Thing, _ b: Thing, _ place: String, _ what: String) throws {
    guard a != b else { return }
    throw Difference(message: "\(place): \(what) is \(a), in the other \(b)")
  }
}

extension Module {
  /// What differs first from `other`, in words; `nil` where the two are equal.
  ///
  /// Equal are modules with the same operations in the same order, the same names, types, attributes, regions, forms, locations and
  /// annotations, and literals of the same content. Floats are compared by their bits; an empty annotation is none.
  ///
  /// - Throws: `ModelError` where the bytes of a literal cannot be made.
  package func difference(from other: Module) throws -> String? {
    try ModuleComparison.firstDifference(self, other)
  }
}

extension TensorLiteral {
  /// Whether both have the same type and the same bytes, wherever those come from.
  package func hasSameContent(as other: TensorLiteral) throws -> Bool {
    guard elementType == other.elementType, dimensions == other.dimensions else { return false }
    if self == other { return true }
    if case .strings(let a) = source, case .strings(let b) = other.source { return a == b }
    if case .splat(let a) = source, case .splat(let b) = other.source { return a == b }
    for range in windows() {
      let isSame = try withWindow(range) { a in
        try other.withWindow(range) { b in a.isSame(as: b) }
      }
      giveBackPages(range)
      other.giveBackPages(range)
      guard isSame else { return false }
    }
    return true
  }
}
