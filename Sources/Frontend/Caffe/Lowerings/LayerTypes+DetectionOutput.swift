import CModelProtos
import IR

extension LayerTypes {
  /// SSD's DetectionOutputLayer: of the boxes of each class those that are sure enough and do not overlap a surer one.
  static let detectionOutput: [ByteString: LayerLowering] = [
    "DetectionOutput": LayerLowering { [try DetectionOutput($0).lower()] }
  ]
}

/// Bottoms: corrections of the prior boxes, [batch, priors * 4] or that for each class; scores, [batch, priors * classes]; and the
/// prior boxes with their variances, [1, 2, priors * 4]. The top has a row for each detection: image, class, score, corners.
private struct DetectionOutput {
  private let layer: LayerContext
  private let builder: GraphBuilder
  private let parameters: Caffe__DetectionOutputParameter
  private let priorCount: Int
  private let classCount: Int
  /// The classes that are no background.
  private let classes: [Int]
  /// How many of a class, and then of an image, are looked at.
  private let topCount: Int
  private let keptCount: Int
  private let overlap: Float

  init(_ layer: LayerContext) throws {
    self.layer = layer
    builder = layer.builder
    parameters = layer.layer.parameters(\.detection_output_param, caffe__detection_output_parameter__init)
    guard layer.bottoms.count == 3 else {
      throw layer.error(
        "takes locations, scores and prior boxes; with \(layer.bottoms.count) bottoms it is not supported")
    }
    let priors = try layer.extents(layer.bottom(2), from: 1)
    guard priors.count == 2, priors[0] == 2, priors[1] > 0, priors[1].isMultiple(of: 4) else {
      throw layer.error("needs prior boxes of shape [1, 2, 4 * boxes], not \(try layer.shape(layer.bottom(2)))")
    }
    priorCount = priors[1] / 4
    classCount = Int(parameters.num_classes)
    let background = Int(parameters.background_label_id)
    guard (1...Self.maximumClassCount).contains(classCount) else { throw layer.error("has \(classCount) classes") }
    classes = (0..<classCount).filter { $0 != background }
    let suppression = parameters.nms_param?.pointee
    let limit = suppression.flatMap { $0.has_top_k != 0 && $0.top_k > -1 ? Int($0.top_k) : nil } ?? priorCount
    topCount = min(limit, priorCount)
    let (all, overflow) = topCount.multipliedReportingOverflow(by: classes.count)
    guard !overflow, all > 0, parameters.keep_top_k != 0 else { throw layer.error("keeps no box at all") }
    keptCount = parameters.keep_top_k > 0 ? min(Int(parameters.keep_top_k), all) : all
    overlap = suppression?.nms_threshold ?? 0.3
    // The limit adapts only while it is above a half.
    guard suppression.map({ $0.eta == 1 || overlap <= 0.5 }) ?? true else {
      throw layer.error("an overlap that adapts (eta \(suppression?.eta ?? 1)) is not supported")
    }
  }

  private static let maximumClassCount = 1 << 16

  func lower() throws -> Value {
    let (scores, places) = try surest()
    let boxes = try boxes(at: places)
    // All classes of all images stand in a row here, as each has boxes of its own.
    let kept = try suppressed(boxes, scores)

    // The surest of each image, back in the order of classes and then of scores.
    let rowWidth = classes.count * topCount
    let lowest = try builder.constant(-Float.infinity)
    let ranked = try builder(
      .reshape, builder(.where, kept, builder(.squeeze, scores, axes(1)), lowest), builder.constant([-1, rowWidth]))
    var order = try builder.insert(.topK, [ranked, builder.constant([keptCount])], resultCount: 2)[1]
    order = try builder.insert(
      .topK, [order, builder.constant([keptCount])], ["largest": .int(0)], resultCount: 2)[0]
    let values = try builder(.gatherElements, ranked, order, attributes: ["axis": .int(1)])
    let found = try builder(.transpose, builder(.nonZero, builder(.greater, values, lowest)))

    // What is said of each that was found.
    let image = try builder(.slice, found, axes(0), axes(1), axes(1))
    let slot = try builder(.unsqueeze, builder(.gatherND, order, found), axes(1))
    let place = try builder.insert(.concat, [image, slot], ["axis": .int(1)])[0]
    let labels = try builder.constant(
      TensorLiteral(floats: classes.flatMap { Array(repeating: Float($0), count: topCount) }, [rowWidth]))
    let corners = try builder(.gatherND, builder(.reshape, boxes, builder.constant([-1, rowWidth, 4])), place)
    let columns = [
      try builder(.cast, image, attributes: ["to": .elementType(.float32)]),
      try builder(.gather, labels, slot, attributes: ["axis": .int(0)]),
      try builder(.unsqueeze, builder(.gatherND, ranked, place), axes(1)),
      corners,
    ]
    let rows = try builder.insert(.concat, columns, ["axis": .int(1)])[0]
    let all = try builder.insert(.concat, [rows, placeholders(for: rows, imagesOf: ranked)], ["axis": .int(0)])[0]
    return try builder(.unsqueeze, all, axes(0, 1))
  }

  private func axes(_ axes: Int...) throws -> Value { try builder.constant(axes) }

  /// The surest boxes of each class that is no background: the scores as [images * classes, 1, boxes], and which boxes they are.
  private func surest() throws -> (scores: Value, places: Value) {
    let rows = try builder(.reshape, layer.bottom(1), builder.constant([-1, priorCount, classCount]))
    var scores = try builder(.transpose, rows, attributes: ["perm": .ints([0, 2, 1])])
    if classes.count < classCount {
      scores = try builder(.gather, scores, builder.constant(classes), attributes: ["axis": .int(1)])
    }
    scores = try builder(.reshape, scores, builder.constant([-1, 1, priorCount]))
    let surest = try builder.insert(.topK, [scores, builder.constant([topCount])], resultCount: 2)
    return (surest[0], surest[1])
  }

  /// The corners of those boxes: [images * classes, boxes, 4].
  private func boxes(at places: Value) throws -> Value {
    let isShared = parameters.share_location != 0
    let count = isShared ? 1 : classCount
    var locations = try builder(.reshape, layer.bottom(0), builder.constant([-1, priorCount, count, 4]))
    locations = try builder(.transpose, locations, attributes: ["perm": .ints([0, 2, 1, 3])])
    let decoded = try decoded(locations)
    if isShared {
      // [images, 1, priors, 4], of which each class takes its own.
      let rows = try builder(.reshape, places, builder.constant([-1, classes.count * topCount, 1]))
      let images = try builder(.squeeze, decoded, axes(1))
      let chosen = try builder(.gatherND, images, rows, attributes: ["batch_dims": .int(1)])
      return try builder(.reshape, chosen, builder.constant([-1, topCount, 4]))
    }
    let own = try builder(.gather, decoded, builder.constant(classes), attributes: ["axis": .int(1)])
    let rows = try builder(.reshape, own, builder.constant([-1, priorCount, 4]))
    let indices = try builder(.reshape, places, builder.constant([-1, topCount, 1]))
    return try builder(.gatherND, rows, indices, attributes: ["batch_dims": .int(1)])
  }

  /// The prior boxes, corrected by locations of shape [..., priors, 4].
  private func decoded(_ locations: Value) throws -> Value {
    let priors = try builder(.reshape, layer.bottom(2), builder.constant([2, priorCount, 4]))
    func part(_ value: Value, _ axis: Int, _ range: Range<Int>) throws -> Value {
      try builder(.slice, value, axes(range.lowerBound), axes(range.upperBound), axes(axis))
    }
    let corners = try builder(.squeeze, part(priors, 0, 0..<1), axes(0))
    let change =
      parameters.variance_encoded_in_target != 0
      ? locations : try builder(.mul, locations, builder(.squeeze, part(priors, 0, 1..<2), axes(0)))
    let (low, high) = (try part(corners, 1, 0..<2), try part(corners, 1, 2..<4))
    let size = try builder(.sub, high, low)
    switch parameters.code_type {
    case CAFFE__PRIOR_BOX_PARAMETER__CODE_TYPE__CORNER: return try builder(.add, corners, change)
    case CAFFE__PRIOR_BOX_PARAMETER__CODE_TYPE__CORNER_SIZE:
      let sizes = try builder.insert(.concat, [size, size], ["axis": .int(1)])[0]
      return try builder(.add, corners, builder(.mul, change, sizes))
    case CAFFE__PRIOR_BOX_PARAMETER__CODE_TYPE__CENTER_SIZE:
      let half = try builder.constant(Float(0.5))
      let middle = try builder(.mul, builder(.add, low, high), half)
      let center = try builder(.add, middle, builder(.mul, part(change, 3, 0..<2), size))
      let reach = try builder(.mul, builder(.mul, builder(.exp, part(change, 3, 2..<4)), size), half)
      return try builder.insert(
        .concat, [builder(.sub, center, reach), builder(.add, center, reach)], ["axis": .int(3)])[0]
    default: throw layer.error("has a code_type that SSD does not know")
    }
  }

  /// Which boxes are kept, as [images * classes, boxes].
  private func suppressed(_ boxes: Value, _ scores: Value) throws -> Value {
    // A box whose end is before its beginning has no area, where NonMaxSuppression would turn it around.
    let low = try builder(.slice, boxes, axes(0), axes(2), axes(2))
    let high = try builder(.max, low, builder(.slice, boxes, axes(2), axes(4), axes(2)))
    let regular = try builder.insert(.concat, [low, high], ["axis": .int(2)])[0]
    let limit =
      parameters.has_confidence_threshold != 0
      ? try builder.constant(TensorLiteral(floats: [parameters.confidence_threshold])) : nil
    let selected = try builder(
      .nonMaxSuppression, regular, scores, builder.constant([topCount]),
      builder.constant(TensorLiteral(floats: [overlap])), limit)
    let places = try builder(.gather, selected, builder.constant([0, 2]), attributes: ["axis": .int(1)])
    let flat = try builder(.squeeze, scores, axes(1))
    let none = try builder(
      .constantOfShape, builder(.shape, flat), attributes: ["value": .tensor(TensorLiteral(.bool, [1], bytes: [0]))])
    let count = try builder(.shape, places, attributes: ["start": .int(0), "end": .int(1)])
    let marks = try builder(
      .constantOfShape, count, attributes: ["value": .tensor(TensorLiteral(.bool, [1], bytes: [1]))])
    return try builder(.scatterND, none, places, marks)
  }

  /// Where nothing was found in any image, a row for each that says so: its number, and -1.
  private func placeholders(for rows: Value, imagesOf ranked: Value) throws -> Value {
    let images = try builder(.shape, ranked, attributes: ["start": .int(0), "end": .int(1)])
    let count = try builder(.shape, rows, attributes: ["start": .int(0), "end": .int(1)])
    let isEmpty = try builder(
      .cast, builder(.equal, count, axes(0)), attributes: ["to": .elementType(.int64)])
    let needed = try builder(.mul, images, isEmpty)
    let numbers = try builder(
      .cast, builder(.range, builder.constant(0), builder(.squeeze, needed, axes(0)), builder.constant(1)),
      attributes: ["to": .elementType(.float32)])
    let rest = try builder.insert(.concat, [needed, axes(6)], ["axis": .int(0)])[0]
    let nothing = try builder(
      .constantOfShape, rest, attributes: ["value": .tensor(TensorLiteral(floats: [-1]))])
    return try builder.insert(.concat, [builder(.unsqueeze, numbers, axes(1)), nothing], ["axis": .int(1)])[0]
  }
}
