import IR

extension Graph {
  /// Removes what only told lowerings something, and nothing uses: constants that became attributes, shapes that were
  /// known, copies that an operator makes by itself. Regions are cleared too.
  func eraseUnusedOperations(_ rewriter: Rewriter) {
    var current = last
    while let operation = current {
      current = operation.previous
      if !operation.is(.return), !operation.hasUsedResults {
        rewriter.erase(operation)
      } else {
        for region in operation.regions { region.graph.eraseUnusedOperations(rewriter) }
      }
    }
  }
}
