/// The graph of an operation that is yet to be inserted: arguments, then operations before its `end`.
package struct RegionBuilder {
  package let region: Operation.Region
  /// The `return`, which gets its operands from `finish`.
  package let end: Operation
  private let builder: Builder
  private let rewriter: Rewriter

  fileprivate init(_ rewriter: Rewriter, _ name: ByteString, named graphName: ByteString) {
    let graph = Graph(name: graphName)
    self.rewriter = rewriter
    region = Operation.Region(name: name, graph: graph)
    builder = Builder(rewriter.module, at: .end(of: graph))
    end = builder.insertReturn([])
  }

  package var arguments: [Value] { region.graph.arguments }

  /// Adds an argument, called `name` or freshly after it.
  package func addArgument(_ name: ByteString, _ type: ValueType) {
    _ = builder.addArgument(to: region.graph, name: rewriter.module.freshName(name), type: type)
  }

  /// Makes `values` what the graph returns.
  package func finish(_ values: [Value?]) {
    for value in values.compactMap({ $0 }) {
      builder.addOutput(to: region.graph, Graph.Output(name: value.name, type: value.type))
    }
    rewriter.setOperands(of: end, to: values)
  }
}

extension Rewriter {
  /// An empty graph for the attribute `name` of an operation that is to be inserted once it is filled.
  package func makeRegion(_ name: ByteString, named graphName: ByteString) -> RegionBuilder {
    RegionBuilder(self, name, named: graphName)
  }
}
