import IR

/// A tensor of a program: values are immutable, tensors are written in place and share their elements with views.
///
/// A tensor that has elements of its own keeps their present value, and counts the writes. A view makes its value from
/// its base's, again whenever that was written; a write to the view is a write of the base.
final class Tensor {
  /// How a view and its base depend on each other.
  struct View {
    let base: Tensor
    /// The view's value from the base's.
    let read: (Value) throws -> Value
    /// The base's value with the view's elements replaced; `nil` where there is none, or none is known.
    let write: ((_ base: Value, _ elements: Value) throws -> Value)?
  }

  let name: String
  /// What the program wrote it down as.
  let description: TensorDescription?
  private var value: Value?
  private let view: View?
  /// Makes the value of a weight when it is first asked for.
  private let load: (() throws -> Value)?
  /// What a write would change beyond the program itself; `nil` where nothing.
  private let owner: String?
  private var writes = 0
  private var writesSeen = 0
  /// A view of this of which it is not known whether it shares elements.
  private var uncertainView: String?
  private let depth: Int

  /// Real programs look through a few views at a time; each takes a frame of the stack.
  private static let maximumDepth = 200

  /// A tensor with elements of its own.
  ///
  /// - Parameter owner: what a write would change beyond the program: `input 'x'`.
  init(_ name: String, _ value: Value, _ description: TensorDescription? = nil, owner: String? = nil) {
    self.name = name
    self.value = value
    self.description = description
    self.owner = owner
    view = nil
    load = nil
    depth = 0
  }

  /// A weight.
  init(_ name: String, _ description: TensorDescription?, owner: String, load: @escaping () throws -> Value) {
    self.name = name
    self.description = description
    self.owner = owner
    self.load = load
    view = nil
    depth = 0
  }

  /// A view, whose value at present is `value`.
  ///
  /// - Parameter isCertain: whether it is known to share its base's elements.
  init(_ name: String, _ value: Value, _ description: TensorDescription?, view: View, isCertain: Bool) throws {
    guard view.base.depth < Self.maximumDepth else {
      throw ModelError(.invalidModel, "looks through more than \(Self.maximumDepth) views")
    }
    self.name = name
    self.value = value
    self.description = description
    self.view = view
    owner = nil
    load = nil
    depth = view.base.depth + 1
    writesSeen = root.writes
    if !isCertain { root.uncertainView = name }
  }

  /// Whether the program wrote the elements, through a view or not.
  var isWritten: Bool { root.writes > 0 }

  /// Whether the elements are complex numbers, which values have as pairs along a last axis more.
  var isComplex: Bool { description?.isComplex ?? false }

  /// The tensor that has the elements.
  private var root: Tensor {
    var tensor = self
    while let base = tensor.view?.base { tensor = base }
    return tensor
  }

  /// The value at present.
  func read() throws -> Value {
    if let value, writesSeen == root.writes || view == nil { return value }
    let result: Value
    if let view {
      result = try view.read(try view.base.read())
    } else if let load {
      result = try load()
    } else {
      throw ModelError(.internalFailure, "a tensor without elements")
    }
    value = result
    writesSeen = root.writes
    return result
  }

  /// - Throws: `UnsupportedForm` where a write would have an effect beyond the program, or is not known to have which.
  func checkWritable() throws {
    let root = root
    if let owner = root.owner { throw UnsupportedForm("changes \(owner)", advice: Self.advice) }
    if let uncertain = root.uncertainView {
      throw UnsupportedForm("writes what '\(uncertain)' may be a view or a copy of", advice: Self.advice)
    }
  }

  /// Replaces the elements, which must be writable.
  ///
  /// - Throws: `UnsupportedForm` where a view has no way to say that.
  func write(_ elements: Value) throws {
    try replace(elements)
    let root = root
    root.writes += 1
    var tensor = self
    tensor.writesSeen = root.writes
    while let base = tensor.view?.base {
      base.writesSeen = root.writes
      tensor = base
    }
  }

  private static let advice = "export without the effect, or call run_decompositions() before saving"

  private func replace(_ elements: Value) throws {
    if let view {
      guard let write = view.write else {
        throw UnsupportedForm("writes through the view '\(name)'", advice: Self.advice)
      }
      try view.base.replace(try write(try view.base.read(), elements))
    }
    value = elements
  }
}
