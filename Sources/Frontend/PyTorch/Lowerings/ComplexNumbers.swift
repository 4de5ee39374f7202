import IR

extension Lowering {
  /// What is done to complex numbers. ONNX has no operators for those: they are pairs of real ones along a last axis
  /// more.
  private static let complexNumbers: [String: Lowering] = [
    "aten.view_as_complex": .view(View(read: { [try $0.input()] }, write: { $2 })),
    "aten.view_as_real": .view(View(read: { [try $0.pairs($0.firstName)] }, write: { $2 })),
    "aten.real": part(0), "aten.imag": part(1),
    "aten.complex": .one { call in
      try call.paired(call.value("real"), call.value("imag"))
    },
    "aten.polar": .one { call in
      let (length, angle) = (try call.value("abs"), try call.value("angle"))
      return try call.paired(
        call.op(.mul, length, call.op(.cos, angle)), call.op(.mul, length, call.op(.sin, angle)))
    },
    "aten.abs": .one { try $0.length() }, "aten.absolute": .one { try $0.length() },
    "aten.angle": .one { call in
      let (real, imaginary) = try call.parts(call.firstName)
      return try call.angle(imaginary ?? call.op(.sub, real, real), real)
    },
    "aten.conj": conjugate, "aten._conj": conjugate,
    "aten.conj_physical": .one { try $0.conjugate($0.pairs($0.firstName)) },
    "aten._conj_physical": .one { try $0.conjugate($0.pairs($0.firstName)) },
    "aten.add": .one { try $0.complexSum(.add) }, "aten.sub": .one { try $0.complexSum(.sub) },
    "aten.exp": .one { call in
      let (real, imaginary) = try call.parts(call.firstName)
      guard let imaginary else { throw UnsupportedForm("is of complex numbers") }
      let length = try call.op(.exp, real)
      return try call.paired(
        call.op(.mul, length, call.op(.cos, imaginary)), call.op(.mul, length, call.op(.sin, imaginary)))
    },
    "aten.full": complexFill, "aten.ones": complexFill, "aten.full_like": complexFill, "aten.ones_like": complexFill,
    "aten.new_full": complexFill, "aten.new_ones": complexFill, "aten.scalar_tensor": complexFill,
    "aten._to_copy": .one { try $0.convertedPairs() },
    "aten.to": .view(View(read: { [try $0.convertedPairs()] }, sharing: { _ in nil })),
    "aten.resolve_conj": identity, "aten.resolve_neg": identity,
  ]

  /// What moves numbers, or sums them up, does so to either part. Where such an operator has a number among its
  /// operands, it is 0.
  private static let partwise = [
    "aten.view", "aten._unsafe_view", "aten.reshape", "aten.view_as", "aten.reshape_as", "aten.flatten", "aten.ravel",
    "aten.unflatten", "aten.squeeze", "aten.unsqueeze", "aten.permute", "aten.transpose", "aten.swapaxes",
    "aten.swapdims", "aten.t", "aten.numpy_T", "aten.mT", "aten.movedim", "aten.moveaxis", "aten.select.int",
    "aten.slice.Tensor",
    "aten.narrow",
    "aten.split.Tensor", "aten.split.sizes", "aten.split_with_sizes", "aten.chunk", "aten.unbind", "aten.unfold",
    "aten.expand", "aten.expand_as", "aten.broadcast_to", "aten.diagonal", "aten.contiguous", "aten.alias",
    "aten.detach", "aten.clone", "aten.lift_fresh", "aten.lift_fresh_copy", "aten.cat", "aten.concat", "aten.stack",
    "aten.hstack", "aten.vstack", "aten.flip", "aten.roll", "aten.repeat", "aten.tile", "aten.sum", "aten.mean",
    "aten.cumsum", "aten.neg", "aten.negative", "aten._neg_view", "aten.index.Tensor", "aten.index_select",
    "aten.gather", "aten.triu",
    "aten.tril", "aten.where.self", "aten.zeros", "aten.zeros_like", "aten.new_zeros", "aten.new_empty", "aten.copy",
    "aten.index_put",
    "aten.fft_fftshift", "aten.fft_ifftshift", "aten.repeat_interleave.self_int", "aten.select_scatter",
    "aten.slice_scatter", "aten.empty_like", "aten.empty.memory_format", "aten.constant_pad_nd",
  ]

  static let allOfComplexNumbers: [String: Lowering] = partwise.reduce(
    into: [complexSpectra, complexProducts, wrappers].reduce(complexNumbers) { $0.merging($1) { first, _ in first } }
  ) { table, name in
    table[name] = all[name]?.ofEachPart
  }

  private static let identity = Lowering.view(
    View(read: { [try $0.pairs($0.firstName)] }, write: { $2 }, isIdentity: true))

  private static let conjugate = Lowering.view(
    View(
      read: { [try $0.conjugate($0.pairs($0.firstName))] },
      write: { call, _, elements in try call.conjugate(elements) }))

  private static let complexFill = Lowering.one { call in
    let extents: [Extent]
    if call.argument("size") != nil {
      extents = try call.extents("size")
    } else if call.firstName == "s" {
      extents = []
    } else {
      let model = try call.isComplex(call.firstName) ? call.part(0).input() : call.input()
      extents = try call.extents(of: model)
    }
    let name = call.firstName == "s" ? "s" : "fill_value"
    let type = try call.partType()
    let fill = try call.argument(name) == nil ? (real: call.scalar(1, type), imaginary: nil) : call.parts(name)
    let pair = try call.paired(fill.real, fill.imaginary ?? call.scalar(0, type))
    return try extents.isEmpty ? pair : call.op(.expand, pair, call.shapeOperand(extents + [.known(2)]))
  }

  private static func part(_ index: Int) -> Lowering {
    .view(
      View(
        read: { [try $0.part(index).input()] },
        write: { call, base, elements in
          let other = try call.part(1 - index).input()
          return try index == 0 ? call.paired(elements, other) : call.paired(other, elements)
        }))
  }

  /// The lowering on both parts of complex numbers.
  private var ofEachPart: Lowering? {
    switch self {
    case .values(let run):
      return .values { call in
        try call.checkAllComplex()
        return try zip(run(call.part(0)), run(call.part(1))).map { real, imaginary in
          guard let real, let imaginary else { return nil }
          return try call.paired(real, imaginary)
        }
      }
    case .view(let view):
      var pairs =
        view.isIdentity
        ? View(read: { [try $0.pairs($0.firstName)] })
        : View(read: { call in
          try zip(view.read(call.part(0)), view.read(call.part(1))).map { try call.paired($0, $1) }
        })
      pairs.isIdentity = view.isIdentity
      pairs.sharing = view.sharing
      if let write = view.write {
        pairs.write = { call, base, elements in
          let parts = try [0, 1].map {
            try write(call.part($0), call.part($0, of: base), call.part($0, of: elements))
          }
          return try call.paired(parts[0], parts[1])
        }
      }
      return .view(pairs)
    case .inPlace, .symbol, .graphs, .assertion: return nil
    }
  }
}

extension Call {
  /// The real and the imaginary part of an operand; the latter is `nil` where that is a real number.
  func parts(_ name: String) throws -> (real: Value, imaginary: Value?) {
    let type = try partType()
    switch argument(name) {
    case .complex(let real, let imaginary)?: return (try scalar(real, type), try scalar(imaginary, type))
    case .tensor? where try tensor(name).isComplex: return (try part(0).value(name), try part(1).value(name))
    default: return (try materialize(operand(name), type), nil)
    }
  }

  /// An operand as pairs.
  func pairs(_ name: String) throws -> Value {
    if try tensor(name).isComplex { return try stored(name) }
    let real = try cast(value(name), to: partType())
    return try paired(real, op(.sub, real, real))
  }

  /// The element type of the parts that this computes with.
  func partType() throws -> ElementType {
    var isDouble = false
    for name in node.inputs.map(\.argument) + node.outputs {
      name.forEachName { isDouble = isDouble || lowering.graph.tensors[$0]?.elementType == 11 }
    }
    return isDouble ? .float64 : .float32
  }

  func part(_ index: Int, of pairs: Value) throws -> Value {
    try selected(pairs, rank(pairs) - 1, .known(index))
  }

  func paired(_ real: Value, _ imaginary: Value) throws -> Value {
    let (a, b) = (try shape(real), try shape(imaginary))
    var parts = [real, imaginary]
    if a != b || a.contains(.unknown) {
      let common = try commonShape(parts)
      parts = try parts.map { try op(.expand, $0, common) }
    }
    let axis = max(a.count, b.count)
    return try concat(parts.map { try unsqueeze($0, [axis]) }, axis)
  }

  func conjugate(_ pairs: Value) throws -> Value {
    let type = try elementType(pairs)
    let signs = try concat([vector(filled: 1, 1, type), vector(filled: -1, 1, type)], 0)
    return try op(.mul, pairs, signs)
  }

  /// What goes to either part alone must be complex altogether: indices and truths aside.
  fileprivate func checkAllComplex() throws {
    for input in node.inputs {
      var mixes = false
      input.argument.forEachName {
        guard case .tensor(let tensor)? = try? lowering.binding($0) else { return }
        let number = tensor.description?.elementType ?? 0
        mixes = mixes || !(tensor.isComplex || (try? ElementType(scalarType: number).isIntegral) == true)
      }
      if mixes { throw UnsupportedForm("mixes real and complex numbers") }
    }
    if let fill = try optionalFloat("value"), fill != 0 { throw UnsupportedForm("is of complex numbers") }
  }

  fileprivate func length() throws -> Value {
    let pairs = try pairs(firstName)
    return try reduce(.reduceL2, pairs, [rank(pairs) - 1], keepsAxes: false)
  }

  fileprivate func complexSum(_ definition: OpDefinition) throws -> Value {
    let (a, b) = (try parts(firstName), try parts("other"))
    guard try argument("alpha") == nil || Self.isOne(operand("alpha")) else {
      throw UnsupportedForm("is of complex numbers")
    }
    let real = try op(definition, a.real, b.real)
    let zero = try scalar(0, partType())
    return try paired(real, op(definition, a.imaginary ?? zero, b.imaginary ?? zero))
  }

  fileprivate func convertedPairs() throws -> Value {
    guard let output = node.outputs.first?.name, lowering.graph.tensors[output]?.isComplex == true else {
      throw UnsupportedForm("drops imaginary parts")
    }
    let type: ElementType = lowering.graph.tensors[output]?.elementType == 11 ? .float64 : .float32
    return try cast(pairs(firstName), to: type)
  }
}
