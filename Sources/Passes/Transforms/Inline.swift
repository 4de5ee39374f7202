import IR

/// Puts the bodies of the model's own functions in the place of calls.
///
///     %y = "my"::Scale(%x) {factor = 2.0}
///     function "my"::Scale(%v) -> (r) attributes {factor} { %f = constant {value_float = $factor}  %r = Mul(%v, %f) ... }
///   ->
///     %y_f = constant operation {value_float = 2.0}
///     %y = Mul(%x, %y_f)
///
/// Calls inside of what was put there too, until none is left; functions that nothing calls any more go. A call stays
/// where its function imports another version of some other domain than the model does. Exact.
struct Inline: Pass {
  static let name = "inline"
  static let summary = "puts the bodies of the model's own functions in the place of calls"
  static let details = """
    Calls inside of functions too, until none is left; functions that nothing calls any more are removed. `include` and \
    `exclude` choose functions by their name, or by domain and name as in my.domain::Scale.
    """
  static let options: [PassOption<Self>] = [
    .init("include", \.include, "inline only functions whose name matches"),
    .init("exclude", \.exclude, "keep calls of functions whose name matches"),
  ]

  var include: [Glob] = []
  var exclude: [Glob] = []

  func run(on module: Module, _ context: PassContext) throws {
    let filter = try NameFilter(include: include, exclude: exclude, among: module.functions.flatMap(\.names))
    let table = try FunctionTable(module)
    var calls = Array(table.calls(in: module.main).reversed())
    var budget = InliningBudget()
    var inlined = 0
    while context.mayRewrite, let call = calls.popLast() {
      guard let function = table.callee(of: call), filter.admits(function.names) else { continue }
      if let domain = function.foreignDomain(in: module) {
        context.missed("not inlined: its function imports another version of '\(domain.text)' than the model", at: call)
        continue
      }
      let place = call.place
      var attributes = function.attributeDefaults
      for attribute in call.attributes.all { attributes[attribute.name] = attribute.value }
      try budget.spend(function.body.count, at: place)
      importOpsets(of: function, into: module, context)
      let inserted = try context.rewriter.inline(function.body, inPlaceOf: call, attributes: attributes)
      calls += inserted.flatMap { $0.calls(table) }.reversed()
      inlined += 1
      context.applied("inlined", at: place)
    }
    context.count("calls inlined", inlined)
    context.count("functions removed", eraseUncalled(module, table, context))
    if inlined == 0 { context.note("nothing to inline: no operation calls a function of the model") }
  }

  private func importOpsets(of function: Function, into module: Module, _ context: PassContext) {
    for entry in function.opsets.entries where module.target[entry.domain] == nil {
      context.rewriter.setTarget(domain: entry.domain, to: entry.version)
    }
  }

  /// Removes functions that neither the main graph calls nor, by way of others, anything that it calls.
  private func eraseUncalled(_ module: Module, _ table: FunctionTable, _ context: PassContext) -> Int {
    var called: Set<ObjectIdentifier> = []
    var graphs = [module.main]
    while let body = graphs.popLast() {
      for call in table.calls(in: body) {
        guard let function = table.callee(of: call), called.insert(ObjectIdentifier(function)).inserted else {
          continue
        }
        graphs.append(function.body)
      }
    }
    let idle = module.functions.filter { !called.contains(ObjectIdentifier($0)) }
    for function in idle { context.rewriter.erase(function) }
    return idle.count
  }
}

/// How many operations inlining may make: functions that call others twice grow without bound otherwise.
struct InliningBudget {
  private static let operations = 4 << 20

  private var left = Self.operations

  /// - Throws: `ModelError` where there are too many.
  mutating func spend(_ count: Int, at place: String) throws {
    guard count <= left else {
      throw ModelError(.invalidModel, place: place, "to inline all calls takes more than \(Self.operations) operations")
    }
    left -= count
  }
}

extension Function {
  /// By which globs find it.
  fileprivate var names: [ByteString] {
    [name, ByteString(domain.bytes + Array("::".utf8) + name.bytes)]
  }

  /// A domain of which the body needs another version than the module is written in. Of ONNX's own domains every form
  /// is the IR's.
  fileprivate func foreignDomain(in module: Module) -> ByteString? {
    opsets.entries.first { entry in
      guard let version = module.target[entry.domain], OpCatalog.vocabulary[entry.domain] == nil else { return false }
      return version != entry.version
    }?.domain
  }
}

extension Operation {
  /// The calls of functions here and inside.
  fileprivate func calls(_ table: FunctionTable) -> [Operation] {
    (table.callee(of: self) == nil ? [] : [self]) + regions.flatMap { table.calls(in: $0.graph) }
  }
}
