import IR

/// Decision trees: each sample goes down every one, from its root to a leaf.
struct Forest {
  /// What a node asks. The raw values are TreeEnsemble's, the names those of older forms.
  enum Test: Int, CaseIterable {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member

    init?(_ mode: ByteString) {
      let modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"]
      guard let place = modes.firstIndex(of: mode.text) else { return nil }
      self.init(rawValue: place)
    }
  }

  /// Where a sample goes: to a node, or to a leaf.
  struct Reference {
    let index: Int
    let isLeaf: Bool
  }

  /// A node: where a sample goes from there.
  struct Node {
    let test: Test
    let feature: Int
    let split: Double
    /// What a feature may be, for `member`.
    var members: [Double] = []
    let missingIsTrue: Bool
    let whenTrue: Reference
    let whenFalse: Reference

    fileprivate func next(_ value: Double) -> Reference {
      if value.isNaN { return missingIsTrue ? whenTrue : whenFalse }
      let isTrue =
        switch test {
        case .lessOrEqual: value <= split
        case .less: value < split
        case .greaterOrEqual: value >= split
        case .greater: value > split
        case .equal: value == split
        case .notEqual: value != split
        case .member: members.contains(value)
        }
      return isTrue ? whenTrue : whenFalse
    }
  }

  /// A leaf's part in the score of a target.
  struct Vote {
    let target: Int
    let weight: Double
  }

  let nodes: [Node]
  let roots: [Reference]
  /// What each leaf says.
  let leaves: [[Vote]]

  /// The weights that the leaves of all trees have for each target.
  ///
  /// - Throws: `Refusal` where a tree leads nowhere, or to no target.
  func votes(for sample: ArraySlice<Double>, targets: Int) throws -> [[Double]] {
    var found: [[Double]] = Array(repeating: [], count: targets)
    for root in roots {
      for vote in try leaves[leaf(for: sample, from: root)] {
        guard found.indices.contains(vote.target) else { throw Refusal(.undefined, "a leaf is of no target") }
        found[vote.target].append(vote.weight)
      }
    }
    return found
  }

  private func leaf(for sample: ArraySlice<Double>, from root: Reference) throws -> Int {
    var at = root
    var steps = 0
    while !at.isLeaf {
      guard nodes.indices.contains(at.index), steps <= nodes.count else {
        throw Refusal(.undefined, "a tree leads nowhere")
      }
      let node = nodes[at.index]
      guard node.feature >= 0, node.feature < sample.count else {
        throw Refusal(.undefined, "there is no such feature")
      }
      at = node.next(sample[sample.startIndex + node.feature])
      steps += 1
    }
    guard leaves.indices.contains(at.index) else { throw Refusal(.undefined, "a tree leads nowhere") }
    return at.index
  }
}

extension Forest {
  /// The trees of TreeEnsemble: nodes and leaves apart, found by position.
  init(ensemble invocation: Invocation) throws {
    let operation = invocation.operation
    guard let modes = operation.tensor("nodes_modes"), let splits = operation.tensor("nodes_splits"),
      let features = operation.ints("nodes_featureids"), let trues = operation.ints("nodes_truenodeids"),
      let falses = operation.ints("nodes_falsenodeids"), let trueLeaves = operation.ints("nodes_trueleafs"),
      let falseLeaves = operation.ints("nodes_falseleafs"), let roots = operation.ints("tree_roots"),
      let weights = operation.tensor("leaf_weights"), let owners = operation.ints("leaf_targetids")
    else { throw Refusal(.undefined, "an attribute of the trees is missing") }
    let (tests, limits) = (try invocation.numbers(modes).elements, try invocation.numbers(splits).elements)
    let missing = operation.ints("nodes_missing_value_tracks_true") ?? []
    let count = features.count
    let lengths = [tests, limits].map(\.count) + [trues, falses, trueLeaves, falseLeaves].map(\.count)
    let says = try invocation.numbers(weights).elements
    guard lengths.allSatisfy({ $0 == count }), [0, count].contains(missing.count), says.count == owners.count else {
      throw Refusal(.undefined, "the trees' attributes differ in length")
    }
    var nodes = try (0..<count).map { index in
      guard let test = Test(rawValue: Int(Int64(limiting: tests[index]))) else {
        throw Refusal(.undefined, "there is no such test")
      }
      return Node(
        test: test, feature: features[index], split: limits[index],
        missingIsTrue: !missing.isEmpty && missing[index] != 0,
        whenTrue: Reference(index: trues[index], isLeaf: trueLeaves[index] != 0),
        whenFalse: Reference(index: falses[index], isLeaf: falseLeaves[index] != 0))
    }
    if let members = operation.tensor("membership_values") {
      try Self.addMembers(invocation.numbers(members).elements, to: &nodes)
    }
    self.nodes = nodes
    self.roots = roots.map { Reference(index: $0, isLeaf: false) }
    leaves = zip(owners, says).map { [Vote(target: $0, weight: $1)] }
  }

  /// The sets of all nodes stand one after the other, each ended by NaN.
  private static func addMembers(_ members: [Double], to nodes: inout [Node]) throws {
    var sets = members.split(omittingEmptySubsequences: false, whereSeparator: \.isNaN)[...]
    for index in nodes.indices where nodes[index].test == .member {
      guard let set = sets.popFirst() else { throw Refusal(.undefined, "a set of members is missing") }
      nodes[index].members = Array(set)
    }
  }

  /// A node of older forms: by the number of its tree and its own.
  private struct Name: Hashable {
    let tree: Int
    let node: Int
  }

  /// The trees of TreeEnsembleClassifier and TreeEnsembleRegressor: leaves among the nodes, found by name, and what they
  /// say in the attributes that begin with `votes`.
  init(named invocation: Invocation, votes: String) throws {
    let operation = invocation.operation
    func ints(_ name: String) -> [Int] { operation.ints(ByteString(name)) ?? [] }
    func reals(_ name: String) throws -> [Double] {
      if let literal = operation.tensor(ByteString("\(name)_as_tensor")) {
        return try invocation.numbers(literal).elements
      }
      return (operation.floats(ByteString(name)) ?? []).map { Double($0) }
    }
    let modes = operation.strings("nodes_modes") ?? []
    let (trees, own, features) = (ints("nodes_treeids"), ints("nodes_nodeids"), ints("nodes_featureids"))
    let (trues, falses, splits) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"), try reals("nodes_values"))
    let missing = ints("nodes_missing_value_tracks_true")
    let (voters, voterTrees, targets) = (ints("\(votes)_nodeids"), ints("\(votes)_treeids"), ints("\(votes)_ids"))
    let weights = try reals("\(votes)_weights")
    guard [trees, own, features, trues, falses].allSatisfy({ $0.count == modes.count }), splits.count == modes.count,
      [0, modes.count].contains(missing.count), [voterTrees, targets].allSatisfy({ $0.count == voters.count }),
      weights.count == voters.count
    else { throw Refusal(.undefined, "the trees' attributes differ in length") }
    let names = zip(trees, own).map { Name(tree: $0, node: $1) }
    let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    // Every place is a leaf too; only those that the modes say are led to.
    func reference(_ place: Int?) -> Reference {
      place.map { Reference(index: $0, isLeaf: modes[$0] == "LEAF") } ?? Reference(index: -1, isLeaf: false)
    }
    nodes = try modes.indices.map { index in
      guard let test = modes[index] == "LEAF" ? .equal : Test(modes[index]), test != .member else {
        throw Refusal(.undefined, "there is no such test")
      }
      return Node(
        test: test, feature: features[index], split: splits[index],
        missingIsTrue: !missing.isEmpty && missing[index] != 0,
        whenTrue: reference(places[Name(tree: trees[index], node: trues[index])]),
        whenFalse: reference(places[Name(tree: trees[index], node: falses[index])]))
    }
    var seen: Set<Int> = []
    roots = trees.indices.filter { seen.insert(trees[$0]).inserted }.map { reference($0) }
    var leaves = [[Vote]](repeating: [], count: modes.count)
    for index in voters.indices {
      guard let place = places[Name(tree: voterTrees[index], node: voters[index])] else {
        throw Refusal(.undefined, "a leaf is of no tree")
      }
      leaves[place].append(Vote(target: targets[index], weight: weights[index]))
    }
    self.leaves = leaves
  }
}
