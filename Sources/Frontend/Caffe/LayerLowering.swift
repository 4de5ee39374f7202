import IR

/// How the layers of a type become operations.
struct LayerLowering: Sendable {
  /// Which bottoms the layer needs to be lowered; the others need not even be there.
  enum Bottoms: Sendable {
    case all
    /// The others are for training: labels, weights of losses.
    case first
  }

  let bottoms: Bottoms
  /// Returns the values of the tops, in their order.
  let lower: @Sendable (LayerContext) throws -> [Value]

  init(_ bottoms: Bottoms = .all, _ lower: @escaping @Sendable (LayerContext) throws -> [Value]) {
    self.bottoms = bottoms
    self.lower = lower
  }

  /// A layer of one bottom and one top.
  static func unary(_ lower: @escaping @Sendable (LayerContext, Value) throws -> Value) -> LayerLowering {
    LayerLowering { [try lower($0, try $0.bottom())] }
  }

  /// A layer that does to each of its bottoms the same.
  static func each(_ lower: @escaping @Sendable (LayerContext, Value) throws -> Value) -> LayerLowering {
    LayerLowering { context in
      _ = try context.bottom()
      return try context.bottoms.map { try lower(context, $0) }
    }
  }
}

/// The layer types of Caffe, and what becomes of each.
enum LayerTypes {
  /// The lowerings, by type.
  static let lowerings: [ByteString: LayerLowering] = [
    convolution, pooling, activation, arithmetic, normalization, shape, resampling, selection, reduction, recurrent,
    source, output, detection, detectionOutput,
  ]
  .reduce(into: [:]) { $0.merge($1) { first, _ in first } }

  /// Layers that do nothing once a network is trained, and what they are for.
  static let dropped: [ByteString: String] = [
    "Accuracy": "it measures against labels", "HDF5Output": "it writes a file", "Silence": "it only takes its bottoms",
    "EuclideanLoss": "it is a loss", "HingeLoss": "it is a loss", "ContrastiveLoss": "it is a loss",
    "MultinomialLogisticLoss": "it is a loss", "SmoothL1Loss": "it is a loss", "MultiBoxLoss": "it is a loss",
    "DetectionEvaluate": "it measures against labels",
  ]

  /// Layers that read what a network is trained with.
  static let data: Set<ByteString> = [
    "AnnotatedData", "Data", "HDF5Data", "ImageData", "MemoryData", "WindowData",
  ]

  /// Why a layer of a type that Caffe or a widespread fork knows has no lowering, or what helps.
  static let advice: [ByteString: String] = [
    "Python": "it is a program, which the file does not hold; replace it by layers of Caffe",
    "Proposal": "cut the network before it",
  ]
}
