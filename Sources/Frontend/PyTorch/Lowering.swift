import IR

/// How the operations of one operator become the IR's.
enum Lowering: Sendable {
  /// New tensors; `nil` for results that are not computed, which is an error where they are used.
  case values(@Sendable (Call) throws -> [Value?])
  /// Tensors that share the elements of the first operand.
  case view(View)
  /// The new elements of the first operand.
  case inPlace(@Sendable (Call) throws -> [Value?])
  /// A number or a truth.
  case symbol(@Sendable (Call) throws -> Value)
  /// An operation with graphs among its operands.
  case graphs(@Sendable (Call) throws -> [ProgramGraphLowering.Binding])
  /// Computes nothing.
  case assertion

  struct View: Sendable {
    let read: @Sendable (Call) throws -> [Value]
    /// The base with the view's elements replaced by others.
    var write: (@Sendable (Call, _ base: Value, _ elements: Value) throws -> Value)?
    /// Whether elements are shared: `nil` where that depends on what is not known.
    var sharing: @Sendable (Call) -> Bool? = { _ in true }
    /// Whether the result is the operand as a whole.
    var isIdentity = false
  }

  static func one(_ run: @escaping @Sendable (Call) throws -> Value) -> Lowering { .values { [try run($0)] } }

  // MARK: Tables

  private static let tables: [[String: Lowering]] = [
    accumulations, activations, adaptivePooling, arithmetic, attention, bags, casts, comparisons, contractions,
    convolutions, counting, creation, detection, diagonals, distances, frames, gathering, gradients, groupedProducts,
    higherOrder, joining, linearSystems, losses, marginLosses, masks, mathematics, normalizations, norms, ordering,
    padding, partitions, pooling, powers, quantiles, quantization, randomNumbers, recurrences, reductions, resampling,
    scattering, shapes, special, statistics, strides, symbols, uniqueness, views, wrappers,
  ]

  static let all: [String: Lowering] = tables.reduce(into: [:]) { all, table in
    all.merge(table) { first, _ in first }
  }

  /// The lowering of an operator: by its full name, by the name without the overload, or by that of the functional form
  /// that `add_` and `view_copy` have. `nil` where there is none.
  static func of(_ target: String) -> Lowering? { of(target, in: all) }

  /// The lowering where operands or results are complex numbers.
  static func ofComplexNumbers(_ target: String) -> Lowering? { of(target, in: allOfComplexNumbers) }

  private static func of(_ target: String, in all: [String: Lowering]) -> Lowering? {
    let parts = (target.hasPrefix("torch.ops.") ? target.dropFirst("torch.ops.".count) : target[...])
      .split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "aten" else { return all[parts.joined(separator: ".")] }
    let (name, overload) = (String(parts[1]), parts.dropFirst(2).joined(separator: "."))
    if let known = all["aten.\(name).\(overload)"] ?? all["aten.\(name)"] { return known }
    if name.hasSuffix("_copy"), case .view(let view)? = of("aten.\(name.dropLast("_copy".count)).\(overload)", in: all)
    {
      return .values { try view.read($0) }
    }
    guard name.hasSuffix("_"), !name.hasSuffix("__") else { return nil }
    guard case .values(let run)? = of("aten.\(name.dropLast()).\(overload)", in: all) else { return nil }
    return .inPlace(run)
  }
}
