import IR

extension Operation {
  /// Whether nothing uses it and nothing would be missed: it may be erased.
  package var isDead: Bool { !hasUsedResults && isWithoutEffects }

  /// Whether nothing but `statements` use it, and nothing would be missed.
  package func isDead(apartFrom statements: OpDefinition) -> Bool {
    isWithoutEffects && !results.contains { $0?.hasUses(apartFrom: statements) ?? false }
  }

  /// Whether running it, regions included, does nothing but compute its results.
  package var isWithoutEffects: Bool {
    guard has(.pure) || has(.random) else { return false }
    return regions.allSatisfy { region in
      region.graph.operations.allSatisfy { $0.has(.terminator) || $0.isWithoutEffects }
    }
  }
}
