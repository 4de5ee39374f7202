import IR

extension Lowering {
  static let padding: [String: Lowering] = [
    "aten.constant_pad_nd": .one { try $0.padded("pad", "constant") },
    "aten.pad": .one { call in
      let modes = ["constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"]
      let mode = try call.optionalString("mode") ?? "constant"
      guard let word = modes[mode] else { throw UnsupportedForm("pads in the mode '\(mode)'") }
      return try call.padded("pad", word)
    },
    "aten.reflection_pad1d": .one { try $0.padded("padding", "reflect") },
    "aten.reflection_pad2d": .one { try $0.padded("padding", "reflect") },
    "aten.reflection_pad3d": .one { try $0.padded("padding", "reflect") },
    "aten.replication_pad1d": .one { try $0.padded("padding", "edge") },
    "aten.replication_pad2d": .one { try $0.padded("padding", "edge") },
    "aten.replication_pad3d": .one { try $0.padded("padding", "edge") },
    "aten._pad_circular": .one { try $0.padded("pad", "wrap") },
  ]
}

extension Call {
  /// Pads that are named from the last axis on, before and after each.
  fileprivate func padded(_ name: String, _ mode: String) throws -> Value {
    let input = try input()
    let (rank, pads) = (try rank(input), try extents(name))
    guard pads.count % 2 == 0, pads.count / 2 <= rank else {
      throw ModelError(.invalidModel, "pads \(pads.count / 2) of \(rank) axes")
    }
    let untouched = Array(repeating: Extent.known(0), count: rank - pads.count / 2)
    let axes = (0..<pads.count / 2).reversed()
    let before = untouched + axes.map { pads[2 * $0] }
    let after = untouched + axes.map { pads[2 * $0 + 1] }
    if (before + after).allSatisfy({ $0.known == 0 }) { return input }
    let operand = try shapeOperand(before + after)
    guard mode == "constant" else {
      if (before + after).contains(where: { $0.known.map { $0 < 0 } ?? false }) {
        return try croppedAndPadded(before, after, mode)
      }
      return try op(.pad, input, operand, attributes: ["mode": .string(ByteString(mode))])
    }
    let type = try elementType(input)
    let fill = try optionalOperand("value").map { try materialize($0, type) }
    return try op(.pad, input, operand, fill)
  }

  /// Cuts off first what pads below zero say: only padding by a constant does so itself.
  private func croppedAndPadded(_ before: [Extent], _ after: [Extent], _ mode: String) throws -> Value {
    var value = try input()
    var pads: [Int] = []
    for (axis, extents) in zip(before, after).enumerated() {
      guard let first = extents.0.known, let last = extents.1.known else {
        throw UnsupportedForm("cuts off an extent that is not known")
      }
      value = try slice(value, axis, from: max(-first, 0), to: last < 0 ? last : .max)
      pads.append(max(first, 0))
      pads.insert(max(last, 0), at: axis * 2 + 1)
    }
    let operand = try constant(
      stride(from: 0, to: pads.count, by: 2).map { pads[$0] } + stride(from: 1, to: pads.count, by: 2).map { pads[$0] })
    return try op(.pad, value, operand, attributes: ["mode": .string(ByteString(mode))])
  }
}
