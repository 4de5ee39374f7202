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
