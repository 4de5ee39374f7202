/// Every pass, found by name.
package enum PassRegistry {
  /// Sorted by name. A test compares this list with the declarations.
  package static let all: [any Pass.Type] = [
    BindDims.self, Canonicalize.self, CSE.self, DCE.self, DeadWeights.self, Dedup.self, ExpandFunctions.self,
    Extract.self, Fold.self, FreezeDefaults.self, InferShapes.self, Inline.self, Prune.self, Quant8.self, Raise.self,
    TransposeToReshape.self,
  ]

  /// The pass called `name`; `nil` where there is none.
  package static func pass(named name: String) -> (any Pass.Type)? { all.first { $0.name == name } }

  /// Every combinator of pipelines.
  package static let combinators: [any Combinator.Type] = [Fixpoint.self, Repeat.self]
}
