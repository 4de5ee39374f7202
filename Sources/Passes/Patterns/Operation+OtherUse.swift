import IR

extension Operation {
  /// That this has another use than `user`, and which: why a rewrite that makes one of the two cannot be done.
  func otherUse(besides user: Operation) -> String { otherUse(besides: [user]) }

  /// Why a rewrite that ends in this cannot make the `inner` values go: the first that is used by more than the rewrite
  /// knows of, and by what. `nil` where there is none.
  func otherUse(of inner: [Value?]) -> String? {
    let producers = inner.compactMap { $0?.definingOperation }
    let users = producers + [self]
    let shared = producers.first { producer in
      producer.presentResults.contains { $0.uses.contains { use in !users.contains { $0 === use.owner } } }
    }
    return shared?.otherUse(besides: users)
  }

  private func otherUse(besides users: [Operation]) -> String {
    let isShared = "\(place) has another use"
    for result in presentResults where result.isReturned {
      return "\(isShared): its result is also an output of the graph"
    }
    for result in presentResults {
      guard let use = result.uses.first(where: { use in !users.contains { $0 === use.owner } }) else { continue }
      let inside = use.owner.parent === parent ? "" : ", inside a branch or a loop"
      return "\(isShared): \(use.owner.place)\(inside)"
    }
    return isShared
  }
}
