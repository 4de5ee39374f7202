import IR

/// Stores equal constants once.
///
///     %a = constant [1, 2, 3] : f32[3]
///     %b = constant [1, 2, 3] : f32[3]
///     %c = Add(%a, %b)
///   ->
///     %a = constant [1, 2, 3] : f32[3]
///     %c = Add(%a, %a)
///
/// Constants are equal when type and bytes are: 0.0 and -0.0 are not. Bytes are read only where type, size and a sample
/// agree, and compared in full before two constants become one. A constant that is a graph's output stays, for it needs
/// a name of its own; one inside If or Loop may be replaced by one of a graph around it. Exact.
struct Dedup: Pass {
  static let name = "dedup"
  static let summary = "stores equal constants once"
  static let details = """
    Constants are equal when type and bytes are. Bytes are read only where type, size and a sample agree, and compared in \
    full. Outputs keep a constant of their own.
    """

  func run(on module: Module, _ context: PassContext) throws {
    var total = (constants: 0, bytes: 0)
    for body in module.bodies {
      var stored = StoredConstants(context)
      try stored.merge(in: body)
      total = (total.constants + stored.mergedCount, total.bytes + stored.mergedBytes)
    }
    context.count("constants merged", total.constants)
    context.count("bytes saved", total.bytes)
    if total.constants == 0 { context.note("nothing to merge: no two constants are equal") }
  }
}

/// The constants before the operation at hand, in its graph and in those around.
private struct StoredConstants {
  /// What equal constants have in common, found without reading much.
  private struct Key: Hashable {
    let type: TensorType
    let sample: [UInt8]
  }

  private let context: PassContext
  private var alike: [Key: [Value]] = [:]
  private var order: [Key] = []
  private(set) var mergedCount = 0
  private(set) var mergedBytes = 0

  /// Up to this size a sample is all of the bytes, hashed where they are more than a part.
  private static let smallBytes = 64 << 10
  /// The bytes of each part of a larger literal's sample.
  private static let partBytes = 64
  /// More constants that differ behind equal samples are not looked at: real models have none, and hostile ones must
  /// not cost time.
  private static let maximumAlike = 64

  init(_ context: PassContext) {
    self.context = context
  }

  mutating func merge(in graph: Graph) throws {
    let outside = order.count
    for operation in graph.operations {
      for region in operation.regions { try merge(in: region.graph) }
      if operation.isConstant, context.mayRewrite { try merge(operation) }
    }
    for key in order[outside...] { alike[key]?.removeLast() }
    order.removeSubrange(outside...)
  }

  private mutating func merge(_ constant: Operation) throws {
    guard let value = constant.result(), let literal = value.constantLiteral, !value.isReturned else { return }
    let key = Key(type: literal.type, sample: try sample(of: literal))
    for twin in alike[key, default: []] {
      guard let other = twin.constantLiteral, try areEqual(literal, other) else { continue }
      context.applied("the same as \(twin)", at: constant)
      try context.rewriter.replace(value, with: twin)
      context.rewriter.erase(constant)
      mergedCount += 1
      mergedBytes += literal.byteCount
      return
    }
    guard alike[key, default: []].count < Self.maximumAlike else { return }
    alike[key, default: []].append(value)
    order.append(key)
  }

  private func sample(of literal: TensorLiteral) throws -> [UInt8] {
    switch literal.source {
    // Looking at it would mean making all of it.
    case .whole: return []
    case .strings(let strings): return strings.first.map { Array($0.bytes.prefix(Self.partBytes)) } ?? []
    case .bytes, .splat, .elementwise, .blocks: break
    }
    if literal.byteCount <= Self.partBytes { return try literal.withWindow(0..<literal.elementCount) { Array($0) } }
    guard literal.byteCount > Self.smallBytes, let width = literal.elementType.bitWidth else {
      return withUnsafeBytes(of: try ContentHash.of(literal, context).value) { Array($0) }
    }
    let part = Self.partBytes * 8 / width
    let last = literal.elementCount - part
    defer { literal.giveBackPages(0..<literal.elementCount) }
    return try [0, last / 16 * 8, last / 8 * 8].flatMap { first in
      try literal.withWindow(first..<first + part) { Array($0) }
    }
  }

  private func areEqual(_ a: TensorLiteral, _ b: TensorLiteral) throws -> Bool {
    if a.source == b.source { return true }
    switch (a.source, b.source) {
    case (.whole, _), (_, .whole), (.strings, _), (_, .strings): return false
    case (.bytes, _), (.splat, _), (.elementwise, _), (.blocks, _): break
    }
    if a.byteCount > Self.smallBytes {
      guard try ContentHash.of(a, context).value == ContentHash.of(b, context).value else { return false }
    }
    for range in a.windows() {
      let isEqual = try a.withWindow(range) { x in try b.withWindow(range) { y in x.isSame(as: y) } }
      a.giveBackPages(range)
      b.giveBackPages(range)
      guard isEqual else { return false }
    }
    return true
  }
}
