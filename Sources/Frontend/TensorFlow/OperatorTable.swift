import IR

/// How the nodes of one operator are lowered.
struct NodeLowering: Sendable {
  /// The names of its outputs, where there are several.
  let outputs: [ByteString]?
  let lower: @Sendable (NodeContext) throws -> [TensorFlowValue]

  /// An operator whose outputs are what `lower` returns.
  static func values(
    _ outputs: [ByteString]? = nil, _ lower: @escaping @Sendable (NodeContext) throws -> [Value]
  ) -> NodeLowering {
    NodeLowering(outputs: outputs) { try lower($0).map { .tensor($0) } }
  }

  /// An operator with one output.
  static func value(_ lower: @escaping @Sendable (NodeContext) throws -> Value) -> NodeLowering {
    NodeLowering(outputs: nil) { [.tensor(try lower($0))] }
  }
}

/// The operators that have a lowering.
enum OperatorTable {
  /// Operators by name: one family a table.
  typealias Family = [ByteString: NodeLowering]

  private static let all: Family = {
    let families: [Family] = [
      TensorFlowLowerings.activations, TensorFlowLowerings.arithmetic, TensorFlowLowerings.arrays,
      TensorFlowLowerings.cells, TensorFlowLowerings.colors, TensorFlowLowerings.combinedDetection,
      TensorFlowLowerings.comparisons, TensorFlowLowerings.constants, TensorFlowLowerings.controlFlow,
      TensorFlowLowerings.convolutions, TensorFlowLowerings.detection, TensorFlowLowerings.diagonals,
      TensorFlowLowerings.images, TensorFlowLowerings.indexing, TensorFlowLowerings.linearSystems,
      TensorFlowLowerings.lists, TensorFlowLowerings.losses, TensorFlowLowerings.movement,
      TensorFlowLowerings.normalizations, TensorFlowLowerings.patches, TensorFlowLowerings.pooling,
      TensorFlowLowerings.products, TensorFlowLowerings.quantization, TensorFlowLowerings.random,
      TensorFlowLowerings.reductions, TensorFlowLowerings.scatters, TensorFlowLowerings.searches,
      TensorFlowLowerings.segments, TensorFlowLowerings.shapes, TensorFlowLowerings.slices,
      TensorFlowLowerings.spaceBatches, TensorFlowLowerings.specialFunctions, TensorFlowLowerings.spectra,
      TensorFlowLowerings.tables,
    ]
    return families.reduce(into: [:]) { all, family in all.merge(family) { first, _ in first } }
  }()

  /// The operators that hand on what they take.
  static let identities: Set<ByteString> = [
    "Identity", "IdentityN", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics", "PlaceholderWithDefault",
    "EnsureShape", "DisableCopyOnRead", "XlaOptimizationBarrier", "RefIdentity", "GuaranteeConst", "DeepCopy", "Copy",
    "DebugIdentity", "DebugIdentityV2", "CheckNumericsV2", "Print",
  ]

  /// What is inside of a loop of TensorFlow 1, which is lowered from its end (`LoopFrame`).
  static let firstVersionLoops: Set<ByteString> = [
    "Enter", "RefEnter", "NextIteration", "RefNextIteration", "LoopCond",
  ]

  static let conditionAdvice =
    "freeze the model from a tf.function with convert_variables_to_constants_v2(f, lower_control_flow=False)"

  static func lowering(_ operation: ByteString) -> NodeLowering? { all[operation] }

  /// How a node is lowered that takes complex numbers, where that is another way.
  static func complexLowering(_ operation: ByteString) -> NodeLowering? {
    TensorFlowLowerings.complexNumbers[operation]
  }

  static func outputs(_ operation: ByteString) -> [ByteString]? { all[operation]?.outputs }

  /// What would help against an operator that has no lowering.
  static func advice(_ operation: ByteString) -> String? {
    let name = operation.text
    if name.hasPrefix("LookupTable") || name.hasPrefix("MutableHashTable") {
      return "a lookup table; export the model from what comes after it"
    }
    if name.hasPrefix("Assign") || name.hasPrefix("Resource") {
      return "it changes a variable, which a compiled model has not; export the model for inference"
    }
    if name == "Placeholder" {
      return "a table or a variable that freezing left open; save a SavedModel, or export what comes after it"
    }
    if name.hasPrefix("Decode") {
      return "it reads a file of bytes; name it with -inputs= to give what it makes to a frozen graph"
    }
    if name.hasPrefix("Iterator") || name.hasSuffix("Dataset") { return "give the data as an input" }
    return nil
  }
}

/// The tables of lowerings, a family a file.
enum TensorFlowLowerings {}
