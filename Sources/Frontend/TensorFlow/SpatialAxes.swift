import IR

/// How an operator over images lays out its axes, and what of its attributes is about the spatial ones.
struct SpatialAxes {
  /// How many spatial axes there are.
  private(set) var count: Int
  let isChannelsLast: Bool
  private(set) var strides: [Int]
  private(set) var dilations: [Int]

  /// - Parameter dilations: what the operator calls the attribute.
  init(_ node: NodeContext, count: Int, dilations name: ByteString = "dilations") throws {
    self.count = count
    let format = node.node.text("data_format")?.text ?? (count == 3 ? "NDHWC" : "NHWC")
    isChannelsLast = !format.hasPrefix("NC")
    guard format.hasPrefix("N"), format.utf8.count == count + 2 else { throw UnsupportedForm("data_format \(format)") }
    func spatial(_ name: ByteString) throws -> [Int] {
      guard let all = node.node.integers(name), !all.isEmpty else { return Array(repeating: 1, count: count) }
      guard all.count == count + 2, all.allSatisfy({ $0 >= 1 && $0 <= Int32.max }) else {
        throw ModelError(.invalidModel, "has \(name.text) \(all)")
      }
      let first = format.hasPrefix("NC") ? 2 : 1
      guard all[0] == 1, all[first == 2 ? 1 : count + 1] == 1 else { throw UnsupportedForm("\(name.text) \(all)") }
      return Array(all[first..<first + count])
    }
    strides = try spatial("strides")
    dilations = try spatial(name)
  }

  func with(strides: [Int]) -> SpatialAxes {
    var axes = self
    axes.strides = strides
    return axes
  }

  /// The axes behind the first of them.
  var dropFirst: SpatialAxes {
    var axes = self
    axes.count -= 1
    axes.strides.removeFirst()
    axes.dilations.removeFirst()
    return axes
  }

  private var toFirst: [Int] { [0, count + 1] + Array(1...count) }
  private var toLast: [Int] { [0] + Array(2...count + 1) + [1] }

  /// The images as ONNX wants them.
  func channelsFirst(_ value: Value, _ node: NodeContext) throws -> Value {
    guard try node.rank(value) == count + 2 else { throw ModelError(.invalidModel, "takes no images of this rank") }
    return isChannelsLast ? try node.transpose(value, toFirst) : value
  }

  /// The images as the graph has them.
  func restored(_ value: Value, _ node: NodeContext) throws -> Value {
    isChannelsLast ? try node.transpose(value, toLast) : value
  }

  /// The spatial extents of images that are laid out as ONNX wants them.
  func extents(_ value: Value, _ node: NodeContext) throws -> [Dimension] { Array(try node.shape(value)[2...]) }

  /// The extents of windows: of an operator's attribute.
  func window(_ all: [Int]) throws -> [Int] {
    let first = isChannelsLast ? 1 : 2
    guard all.count == count + 2, all[0] == 1, all[isChannelsLast ? count + 1 : 1] == 1,
      all.allSatisfy({ $0 >= 1 && $0 <= Int32.max })
    else { throw UnsupportedForm("windows of \(all)") }
    return Array(all[first..<first + count])
  }

  /// What `padding` says, as ONNX's attributes: explicit where the extents are known, or do not matter.
  ///
  /// - Parameter extents: of the images that are read.
  func padding(_ node: GraphNode, window: [Int], extents: [Dimension]) throws -> Attributes {
    switch node.text("padding")?.text {
    case "VALID": return [:]
    case "EXPLICIT":
      guard let all = node.integers("explicit_paddings"), all.count == 2 * (count + 2) else {
        throw ModelError(.invalidModel, "has no explicit paddings")
      }
      let first = isChannelsLast ? 1 : 2
      let axes = first..<first + count
      return ["pads": .ints(axes.map { Int64(all[2 * $0]) } + axes.map { Int64(all[2 * $0 + 1]) })]
    case "SAME":
      var totals: [Int] = []
      for axis in 0..<count {
        let reach = (window[axis] - 1) * dilations[axis] + 1
        if strides[axis] == 1 {
          totals.append(reach - 1)
        } else if reach == 1 {
          totals.append(0)
        } else {
          guard let extent = extents[axis].value else {
            guard reach >= strides[axis] else {
              throw UnsupportedForm("windows that leave pixels out, of images whose extents vary")
            }
            return ["auto_pad": .string("SAME_UPPER")]
          }
          let steps = max((extent - 1) / strides[axis], 0)
          totals.append(steps * strides[axis] - extent + reach)
        }
      }
      let pads = totals.map { max($0, 0) }
      return ["pads": .ints(pads.map { Int64($0 / 2) } + pads.map { Int64($0 - $0 / 2) })]
    case let other: throw UnsupportedForm("padding \(other ?? "unknown")")
    }
  }
}

extension Attributes {
  /// A list of integers.
  mutating func set(_ name: ByteString, _ values: [Int]) { self[name] = .ints(values.map { Int64($0) }) }
}
