import IR

extension Lowering {
  /// Conversions, copies, and what is the identity on a processor.
  static let casts: [String: Lowering] = [
    "aten.to": conversion, "aten.type_as": conversion, "aten._to_copy": .one { try $0.converted() },
    "aten.float": .one { try $0.cast($0.input(), to: .float32) },
    "aten.clone": .one { try $0.input() }, "aten.lift_fresh_copy": .one { try $0.input() },
    "aten.copy": .one { try $0.like($0.input(), $0.value("src")) },
    "aten.alias": identity, "aten.detach": identity, "aten.lift_fresh": identity, "aten.lift": identity,
    "aten.detach_": identity, "aten.requires_grad_": identity,
    "aten.resolve_conj": identity, "aten.resolve_neg": identity, "aten.real": identity,
    "aten._assert_tensor_metadata": .assertion, "aten._assert_async": .assertion, "aten._assert_scalar": .assertion,
    "aten.sym_constrain_range": .assertion, "aten.sym_constrain_range_for_size": .assertion,
    "aten._functional_assert_async": .assertion, "aten._functional_assert_scalar": .assertion,
    "aten._functional_sym_constrain_range": .assertion, "torch._check": .assertion,
    "aten._functional_sym_constrain_range_for_size": .assertion,
    "aten.contiguous": .view(
      View(
        read: { [try $0.input()] }, write: { $2 }, sharing: { $0.isContiguous }, isIdentity: true)),
  ]

  private static let identity = Lowering.view(View(read: { [try $0.input()] }, write: { $2 }, isIdentity: true))

  /// Gives back the operand where there is nothing to convert, and a copy asked for is not.
  private static let conversion = Lowering.view(
    View(
      read: { [try $0.converted()] }, write: { $2 },
      sharing: { call in
        guard let input = try? call.input(), let result = try? call.converted() else { return nil }
        let copies = (try? call.bool("copy", default: false)) ?? true
        return result == input && !copies
      }, isIdentity: true))
}

extension Call {
  /// The operand in the element type that the call asks for.
  fileprivate func converted() throws -> Value {
    let input = try input()
    let type: ElementType?
    if case .tensor? = argument("other") {
      type = try elementType(value("other"))
    } else {
      type = try optionalElementType("dtype")
    }
    guard let type else { return input }
    return try cast(input, to: type)
  }

  /// Whether PyTorch gives a view of the operand for the shape of the result: where the axes that are joined, or parts
  /// of, lie in memory as one. `nil` where the program says no numbers.
  var sharesReshaped: Bool? {
    func numbers(_ sizes: [TensorDescription.Size]) -> [Int]? {
      let known = sizes.compactMap { lowering.reader.extent($0).value }
      return known.count == sizes.count ? known : nil
    }
    guard let given = try? tensor(firstName).description, let name = node.outputs.first?.name,
      let wanted = lowering.graph.tensors[name], let sizes = numbers(given.sizes),
      let strides = numbers(given.strides), var rest = numbers(wanted.sizes)?[...], strides.count == sizes.count
    else { return nil }
    if sizes.contains(0) { return true }
    // From the last axis on: elements that lie each as far from the next must fill whole axes of the result.
    var count = 1
    var step = strides.last ?? 1
    for axis in sizes.indices.reversed() {
      count = count &* sizes[axis]
      guard axis == 0 || (sizes[axis - 1] != 1 && strides[axis - 1] != count &* step) else { continue }
      var filled = 1
      while let last = rest.last, filled < count || last == 1 {
        filled = filled &* last
        rest.removeLast()
      }
      guard filled == count else { return false }
      if axis > 0 { (count, step) = (1, strides[axis - 1]) }
    }
    return rest.allSatisfy { $0 == 1 }
  }

  /// Whether the operand's elements lie in order, as far as the program says.
  var isContiguous: Bool? {
    guard let description = try? tensor(firstName).description else { return nil }
    var expected = Dimension.known(1)
    for (size, stride) in zip(description.sizes, description.strides).reversed() {
      let extent = lowering.reader.extent(size)
      if extent == .known(1) { continue }
      guard lowering.reader.extent(stride) == expected, !expected.isUnknown else { return false }
      expected = expected * extent
    }
    return true
  }
}
