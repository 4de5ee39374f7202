import IR

extension Operation {
  /// That this has another use than `user`, and which: why a rewrite that makes one of the two cannot be done.
  func otherUse(besides user: Operation) -> String {
    let isShared = "\(place) has another use"
    for result in presentResults where result.isReturned {
      return "\(isShared): its result is also an output of the graph"
    }
    for result in presentResults {
      guard let use = result.uses.first(where: { $0.owner !== user }) else { continue }
      let inside = use.owner.parent === parent ? "" : ", inside a branch or a loop"
      return "\(isShared): \(use.owner.place)\(inside)"
    }
    return isShared
  }
}
