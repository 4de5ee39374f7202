import CModelProtos
import Formats
import IR

/// Translates one network: connects its layers by the names of their blobs, and lowers each.
final class NetworkReader {
  let builder: GraphBuilder
  let diagnostics: Diagnostics
  private let module: Module
  private let layers: [Layer]
  private let inputs: NetworkInputs
  private let weights: NetworkWeights
  /// What each blob is at this point of the network.
  private var values: [ByteString: Value] = [:]
  /// The blobs that some layer needs.
  private var needed: Set<ByteString> = []
  /// The blobs that no layer has taken yet since they were defined.
  private var untaken: Set<ByteString> = []
  private var constants: [TensorLiteral: Value] = [:]

  var weightsPath: String? { weights.path }

  /// - Parameters:
  ///   - layers: all layers of the network.
  ///   - state: what tells which of them there are.
  init(
    name: ByteString, layers all: [Layer], state: NetworkState, unknownFields: [ProtobufText.UnknownField],
    weights: ([Layer]) throws -> NetworkWeights, diagnostics: Diagnostics
  ) throws {
    self.diagnostics = diagnostics
    module = Module(name: name.isEmpty ? "network" : name, target: GraphBuilder.target)
    builder = GraphBuilder(module)
    layers = try all.filter { try state.includes($0) }
    guard !layers.isEmpty else {
      // The text of something else, a solver for instance.
      throw unknownFields.first?.error ?? ModelError(.invalidModel, "has no layers")
    }
    try Self.checkTypes(layers)
    try Self.check(unknownFields, layers, all)
    try Self.checkConnections(layers)
    self.weights = try weights(layers)
    inputs = NetworkInputs(all)
  }

  /// Refuses layers without a lowering, all in one message.
  private static func checkTypes(_ layers: [Layer]) throws {
    var unsupported = UnsupportedOperators()
    for layer in layers
    where LayerTypes.lowerings[layer.type] == nil && LayerTypes.dropped[layer.type] == nil
      && !LayerTypes.data.contains(layer.type)
    {
      let known = LayerTypes.lowerings.keys.map(\.text).sorted()
      let advice =
        LayerTypes.advice[layer.type]
        ?? Suggestion.closest(to: layer.type.text, among: known).map { "did you mean '\($0)'?" }
      unsupported.note(
        layer.type.isEmpty ? "(a layer without a type)" : layer.type.text, at: layer.name.text, advice: advice)
    }
    try unsupported.check()
  }

  /// Refuses fields that Caffe does not know, except in layers that are not there.
  private static func check(_ fields: [ProtobufText.UnknownField], _ layers: [Layer], _ all: [Layer]) throws {
    let key = { (field: UInt32, index: Int) in "\(field) \(index)" }
    let present = Set(layers.map { key($0.origin.field, $0.origin.index) })
    let known = Set(all.map { key($0.origin.field, $0.origin.index) })
    for field in fields {
      let origin = field.outermost.map { key($0.number, $0.index) } ?? ""
      if present.contains(origin) || !known.contains(origin) { throw field.error }
    }
  }

  /// Refuses layers that nothing connects: a file of weights says no more of them than their names.
  private static func checkConnections(_ layers: [Layer]) throws {
    let needsInput = layers.first { LayerTypes.source[$0.type] == nil && !LayerTypes.data.contains($0.type) }
    guard needsInput != nil, layers.allSatisfy(\.bottoms.isEmpty) else { return }
    throw ModelError(
      .invalidModel,
      "does not say how its layers are connected: it holds weights alone; name the .prototxt that describes the "
        + "network before it, as in 'mcc deploy.prototxt net.caffemodel'")
  }

  // MARK: The network

  func read() throws -> Module {
    for layer in layers { needed.formUnion(bottoms(of: layer)) }
    for layer in layers where layer.type == "Input" || LayerTypes.data.contains(layer.type) { try addInputs(layer) }
    let names = reserveNames()
    for (index, layer) in layers.enumerated() where layer.type != "Input" && !LayerTypes.data.contains(layer.type) {
      do {
        builder.location = layer.name
        try lower(layer, at: index, names)
      } catch let error as ModelError {
        throw error.at(layer.place)
      }
    }
    try finish()
    return module
  }

  /// The blobs that a layer needs.
  private func bottoms(of layer: Layer) -> [ByteString] {
    guard let lowering = LayerTypes.lowerings[layer.type] else { return [] }
    switch lowering.bottoms {
    case .all: return layer.bottoms
    case .first: return Array(layer.bottoms.prefix(1))
    }
  }

  /// Keeps for each blob its own name, for the layer that defines it last.
  private func reserveNames() -> [ByteString: (name: ByteString, layer: Int)] {
    var names: [ByteString: (name: ByteString, layer: Int)] = [:]
    for (index, layer) in layers.enumerated() where values[layer.tops.first ?? ""] == nil || layer.type != "Input" {
      for top in layer.tops where !top.isEmpty {
        names[top] = (names[top]?.name ?? module.freshName(top), index)
      }
    }
    return names
  }

  private func lower(_ layer: Layer, at index: Int, _ names: [ByteString: (name: ByteString, layer: Int)]) throws {
    if let reason = LayerTypes.dropped[layer.type] {
      diagnostics.remark("is left out: \(reason)", at: layer.place)
      if layer.type == "Silence" { untaken.subtract(layer.bottoms) }
      return
    }
    guard let lowering = LayerTypes.lowerings[layer.type] else { return }
    let bottoms = try bottoms(of: layer).map { try value($0) }
    let context = LayerContext(layer, bottoms, weights.blobs(of: layer, at: index), self)
    untaken.subtract(layer.bottoms)
    let results = try lowering.lower(context)
    try context.checkBlobCount()
    guard results.count >= layer.tops.count else {
      throw ModelError(.invalidModel, "makes \(results.count) blobs, but has \(layer.tops.count) tops")
    }
    for (top, result) in zip(layer.tops, results) {
      guard values[top] == nil || layer.bottoms.contains(top) else {
        throw ModelError(.invalidModel, "defines '\(top.text)', which another layer has defined before it")
      }
      values[top] = result
      untaken.insert(top)
      if let name = names[top], name.layer == index, !bottoms.contains(result),
        result.definingOperation?.isConstant == false
      {
        builder.rename(result, to: name.name)
      }
    }
  }

  /// The value of a blob. One that a layer of training data defines becomes an input where it is asked for.
  private func value(_ blob: ByteString) throws -> Value {
    if let value = values[blob] { return value }
    if let layer = inputs.trainingLayer(defining: blob) {
      return try addTrainingInput(blob, layer)
    }
    let hint = Suggestion.hint(for: blob.text, among: values.keys.map(\.text).sorted())
    throw ModelError(.invalidModel, "no layer before it defines its bottom '\(blob.text)'\(hint)")
  }

  private func weightExtents(of layer: Layer) -> [Int]? {
    guard let index = layers.firstIndex(where: { $0.name == layer.name }) else { return nil }
    return weights.blobs(of: layer, at: index).first??.dimensions
  }

  // MARK: Inputs and outputs

  private func addInputs(_ layer: Layer) throws {
    do {
      for (index, top) in layer.tops.enumerated() where layer.type == "Input" || needed.contains(top) {
        guard values[top] == nil else {
          throw ModelError(.invalidModel, "defines '\(top.text)', which another layer has defined before it")
        }
        _ = try layer.type == "Input" ? addInput(top, inputs.shape(of: layer, index)) : addTrainingInput(top, layer)
      }
    } catch let error as ModelError {
      throw error.at(layer.place)
    }
  }

  /// An input in the place of training data, as the layer would yield it.
  private func addTrainingInput(_ name: ByteString, _ layer: Layer) throws -> Value {
    let shape = try inputs.shape(of: name, layer, consumers: layers) { weightExtents(of: $0) }
    let transform = NetworkInputs.transform(of: layer).map { ", which is to be given as it yields it: \($0)" } ?? ""
    diagnostics.remark("'\(name.text)' is an input: a layer of training data defines it\(transform)", at: layer.place)
    return try addInput(name, shape)
  }

  private func addInput(_ name: ByteString, _ shape: Shape) throws -> Value {
    guard !name.isEmpty else { throw ModelError(.invalidModel, "has a top without a name") }
    let value = builder.addArgument(name, .tensor(.float32, shape))
    values[name] = value
    return value
  }

  /// The outputs are the blobs that no layer takes, in the order of their layers.
  private func finish() throws {
    var outputs: [(name: ByteString, value: Value)] = []
    for top in layers.flatMap(\.tops) where untaken.remove(top) != nil {
      if let value = values[top] { outputs.append((top, value)) }
    }
    guard !outputs.isEmpty else { throw ModelError(.invalidModel, "has no output: nothing is left to compute") }
    builder.finish(outputs)
  }

  /// A constant of the graph; equal ones are one.
  func constant(_ literal: TensorLiteral, name: ByteString) throws -> Value {
    if let known = constants[literal] { return known }
    let value = try builder.constant(literal, name: name)
    constants[literal] = value
    return value
  }
}
