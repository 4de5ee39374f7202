import IR

extension Lowering {
  /// Elements by strides of their own.
  static let strides: [String: Lowering] = [
    "aten.as_strided": .view(View(read: { [try $0.strided()] }))
  ]
}

extension Call {
  /// The elements of a tensor that lies in order, by other strides.
  fileprivate func strided() throws -> Value {
    let input = try input()
    let (sizes, strides) = (try extents("size"), try extents("stride"))
    guard sizes.count == strides.count else { throw ModelError(.invalidModel, "has a stride too many or too few") }
    let start = try storageStart()
    if start == 0, let order = axesInOrder(sizes, strides, of: try shape(input)) {
      // Each of them once: the same elements in another shape, whose axes are then brought into the wanted order.
      let ordered = try transpose(
        reshape(input, order.map { sizes[$0] }), sizes.indices.compactMap { order.firstIndex(of: $0) })
      return try unsqueeze(ordered, sizes.indices.filter { sizes[$0].known == 1 })
    }
    let places = try stridedPlaces(ints("size"), ints("stride"), start)
    return try op(.gather, reshape(input, [-1]), places)
  }

  /// The axes of more than one element, the outermost first, if by these strides they take all elements in order.
  private func axesInOrder(_ sizes: [Extent], _ strides: [Extent], of shape: Shape) -> [Int]? {
    var rest = sizes.indices.filter { sizes[$0].known != 1 }
    var order: [Int] = []
    var step = Dimension.known(1)
    while let place = rest.firstIndex(where: { strides[$0].dimension.isEqual(to: step) == true }) {
      let axis = rest.remove(at: place)
      order.insert(axis, at: 0)
      step = step * sizes[axis].dimension
    }
    return rest.isEmpty && shape.elementCount.isEqual(to: step) == true ? order : nil
  }

  /// The place of the first element among those of the operand, which must lie in order.
  private func storageStart() throws -> Int {
    let refusal = UnsupportedForm("reads elements by strides from a tensor that is not in order")
    guard isContiguous == true, case .number(let own)? = try tensor(firstName).description?.storageOffset else {
      throw refusal
    }
    let start = try int("storage_offset", default: own) - own
    guard start >= 0 else { throw refusal }
    return start
  }

  private func stridedPlaces(_ sizes: [Int], _ strides: [Int], _ start: Int) throws -> Value {
    let copy = StridedCopy(sizes: sizes, strides: strides, width: 1)
    guard sizes.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }), copy.elementCount <= 1 << 20,
      let extent = copy.extent, case .known(let count) = try shape(input()).elementCount, start <= count - extent
    else { throw UnsupportedForm("reads elements by strides that leave the tensor, or too many") }
    let places = zip(sizes, strides).reduce([start]) { places, axis in
      places.flatMap { place in (0..<axis.0).map { place + $0 * axis.1 } }
    }
    return try reshape(builder.constant(TensorLiteral(int64s: places)), sizes)
  }
}
