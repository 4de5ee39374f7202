import CModelProtos
import Formats
import IR

/// A layer that is being lowered: what it says, what it is given, and where its operations go.
final class LayerContext {
  let layer: Layer
  let builder: GraphBuilder
  let bottoms: [Value]
  private let blobs: [Blob?]
  private let network: NetworkReader
  private var usedBlobCount = 0

  init(_ layer: Layer, _ bottoms: [Value], _ blobs: [Blob?], _ network: NetworkReader) {
    self.layer = layer
    self.bottoms = bottoms
    self.blobs = blobs
    self.network = network
    builder = network.builder
  }

  // MARK: What it is given

  /// The value of the bottom at `index`.
  func bottom(_ index: Int = 0) throws -> Value {
    guard bottoms.indices.contains(index) else {
      throw ModelError(.invalidModel, "needs \(index + 1) bottoms, but has \(bottoms.count)")
    }
    return bottoms[index]
  }

  /// The shape of a value; its rank is always known.
  func shape(_ value: Value) throws -> Shape {
    guard let shape = value.tensorType?.shape else {
      throw ModelError(.invalidModel, "nothing is known of the shape of '\(value.name.text)'")
    }
    return shape
  }

  /// The extents of a value from `axis` on.
  ///
  /// - Throws: `ModelError` where one of them is not a number.
  func extents(_ value: Value, from axis: Int = 0) throws -> [Int] {
    let shape = try shape(value)
    guard let extents = Array(shape.dropFirst(axis)).knownDimensions else {
      throw ModelError(.invalidModel, "needs to know the extents of '\(value.name.text)', which are \(shape)")
    }
    return extents
  }

  /// An axis that may be counted from the end.
  ///
  /// - Parameter end: whether the axis may lie just behind the last.
  func axis(_ axis: some BinaryInteger, of shape: Shape, end: Bool = false) throws -> Int {
    let axis = Int(clamping: axis)
    let index = axis < 0 ? axis + shape.count + (end ? 1 : 0) : axis
    guard index >= 0, index < shape.count + (end ? 1 : 0) else {
      throw ModelError(.invalidModel, "axis \(axis) is none of a blob of shape \(shape)")
    }
    return index
  }

  // MARK: Its parameters

  /// How many blobs there are.
  var blobCount: Int { blobs.count }

  /// The numbers of the blob at `index`.
  ///
  /// - Parameters:
  ///   - name: what they are, for messages.
  ///   - dimensions: the extents that the layer gives them.
  func literal(_ index: Int, _ name: String, _ dimensions: [Int]) throws -> TensorLiteral {
    usedBlobCount = max(usedBlobCount, index + 1)
    guard blobs.indices.contains(index), let blob = blobs[index] else {
      let advice = network.weightsPath == nil ? "; name the .caffemodel beside the .prototxt" : ""
      throw ModelError(.invalidModel, file: network.weightsPath, place: layer.place, "has no \(name)\(advice)")
    }
    do {
      return try blob.literal(dimensions)
    } catch var error as ModelError {
      error.message = "its \(name) \(error.message)"
      error.file = network.weightsPath
      throw error.at(layer.place)
    }
  }

  /// The same as a constant of the graph.
  func weight(_ index: Int, _ name: String, _ dimensions: [Int]) throws -> Value {
    try constant(literal(index, name, dimensions), name)
  }

  /// A constant that is called after the layer; equal ones are one.
  func constant(_ literal: TensorLiteral, _ name: String) throws -> Value {
    try network.constant(literal, name: ByteString(layer.name.bytes + Array("/\(name)".utf8)))
  }

  /// - Throws: `ModelError` where the file has blobs that the layer has no use for: it was trained as another.
  func checkBlobCount() throws {
    guard usedBlobCount == 0 || blobs.count <= usedBlobCount else {
      throw ModelError(
        .invalidModel, file: network.weightsPath, place: layer.place,
        "has \(usedBlobCount) parameters as it is written, but the file has \(blobs.count) blobs for it")
    }
  }

  // MARK: Remarks and refusals

  func remark(_ message: String) { network.diagnostics.remark(message, at: layer.place) }

  func error(_ message: String) -> ModelError { ModelError(.invalidModel, message) }
}
