/// What to run, in order: passes, pipelines that combinators run several times, and pipelines that mcc ships.
package struct Pipeline: Sendable {
  package indirect enum Element: Sendable {
    case pass(any Pass)
    case combinator(any Combinator, Pipeline)
    /// A shipped pipeline, written by its name.
    case shipped(name: String, Pipeline)
  }

  package var elements: [Element]

  package init(_ elements: [Element] = []) {
    self.elements = elements
  }

  /// The pipeline that runs `passes` one after the other.
  package init(passes: [any Pass]) {
    self.init(passes.map { .pass($0) })
  }

  package var isEmpty: Bool { elements.isEmpty }

  /// This pipeline, then `other`.
  package func followed(by other: Pipeline) -> Pipeline { Pipeline(elements + other.elements) }

  /// Every pass in it, in the order of the text.
  package var passes: [any Pass] {
    elements.flatMap { element in
      switch element {
      case .pass(let pass): [pass]
      case .combinator(_, let pipeline), .shipped(_, let pipeline): pipeline.passes
      }
    }
  }
}

// MARK: - Printing

extension Pipeline: CustomStringConvertible {
  /// The canonical text, in one line: options at their defaults are left out, shipped pipelines stay names.
  package var description: String { elements.map(\.description).joined(separator: ",") }

  /// The canonical text with an element a line and shipped pipelines written out: a legal `-pipeline` file.
  package var expandedDescription: String { lines(indent: "") }

  fileprivate func lines(indent: String) -> String {
    elements.map { $0.lines(indent: indent) }.joined(separator: ",\n")
  }
}

extension Pipeline: Equatable {
  /// Pipelines are equal when they are written the same.
  package static func == (a: Pipeline, b: Pipeline) -> Bool { a.description == b.description }
}

extension Pipeline.Element: CustomStringConvertible {
  package var description: String {
    switch self {
    case .pass(let pass): pass.pipelineText
    case .combinator(let combinator, let pipeline): "\(combinator.pipelineText)(\(pipeline))"
    case .shipped(let name, _): name
    }
  }

  fileprivate func lines(indent: String) -> String {
    switch self {
    case .pass: "\(indent)\(self)"
    case .combinator(let combinator, let pipeline):
      "\(indent)\(combinator.pipelineText)(\n\(pipeline.lines(indent: indent + "  "))\n\(indent))"
    case .shipped(_, let pipeline): pipeline.lines(indent: indent)
    }
  }
}

extension Configurable {
  /// Name and options as a pipeline writes them: `prune{sparsity=0.5:scope=global}`.
  package var pipelineText: String {
    let options = writtenOptions.map { "\($0.key)=\(PipelineSyntax.value($0.value))" }
    return options.isEmpty ? Self.name : "\(Self.name){\(options.joined(separator: ":"))}"
  }
}
