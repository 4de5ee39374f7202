import IR

/// The lookup tables of a model, which its graph fills with constants before anything is asked of it.
final class TableStore {
  struct Table {
    let keys: TensorLiteral
    let values: TensorLiteral
  }

  private struct Filling {
    let node: GraphNode
    let scope: LoweringScope
  }

  private let main: LoweringScope
  private unowned let lowering: GraphLowering
  /// What fills the tables, by their names.
  private lazy var fillings = Result { try self.allFillings() }
  /// The tables whose contents are being lowered.
  private var unfinished: Set<ByteString> = []

  /// - Parameter main: the model's main graph, which fills the tables or calls the functions that do.
  init(_ main: LoweringScope, _ lowering: GraphLowering) {
    self.main = main
    self.lowering = lowering
  }

  /// - Throws: `UnsupportedForm` where it is not known what is in the table called `name`.
  func table(_ name: ByteString) throws -> Table {
    guard let all = try fillings.get()[name], let filling = all.first, filling.node.inputs.count >= 3 else {
      throw UnsupportedForm("nothing says what is in its table")
    }
    guard all.count == 1 else { throw UnsupportedForm("a table that is filled more than once") }
    guard unfinished.insert(name).inserted else {
      throw UnsupportedForm("a table that is filled with its own contents")
    }
    defer { unfinished.remove(name) }
    let contents = try lowering.lower(Array(filling.node.inputs[1...2]), in: filling.scope)
    guard case .tensor(let keys) = contents[0], case .tensor(let values) = contents[1],
      let keys = keys.literal, let values = values.literal, keys.dimensions.count == 1,
      keys.dimensions == values.dimensions
    else { throw UnsupportedForm("a table that is not filled with constants") }
    return Table(keys: keys, values: values)
  }

  private static let fills: Set<ByteString> = [
    "InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2",
  ]

  /// A model of more tables is none of this world.
  private static let maximumCount = 1 << 12

  /// The nodes that fill tables, each where it is called.
  private func places() throws -> [Filling] {
    var places = Self.filling(main.body).map { Filling(node: $0, scope: main) }
    var known: [ByteString: [GraphNode]] = [:]
    for node in main.body.nodes {
      guard let function = node.function("f"), lowering.library.contains(function) else { continue }
      let body = try lowering.library.body(function)
      let nodes = known[function] ?? Self.filling(body)
      known[function] = nodes
      guard !nodes.isEmpty else { continue }
      let scope = LoweringScope(
        body, main.builder, arguments: node.inputs.map { .tensor($0, main) }, depth: main.depth + 1)
      places += nodes.map { Filling(node: $0, scope: scope) }
      guard places.count <= Self.maximumCount else { throw UnsupportedForm("one of too many tables") }
    }
    return places
  }

  private static func filling(_ body: GraphBody) -> [GraphNode] {
    body.nodes.filter { fills.contains($0.operation) }
  }

  private func allFillings() throws -> [ByteString: [Filling]] {
    var fillings: [ByteString: [Filling]] = [:]
    for filling in try places() {
      guard let handle = filling.node.inputs.first,
        case .output(let table, _, _) = try lowering.source(of: handle, in: filling.scope)
      else { continue }
      fillings[VariableStore.name(of: table), default: []].append(filling)
    }
    return fillings
  }
}
