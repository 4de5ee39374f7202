import CModelProtos
import Formats
import IR

/// The blobs of a network's layers: those in the file that says the layers, or those that training left in another, which belong
/// to the layers by name.
struct NetworkWeights {
  private var own: [Int: [Blob]] = [:]
  /// The blob that stands for all parameters of a name.
  private var shared: [ByteString: Blob] = [:]
  /// The file that the blobs are in, where it is another than that of the layers.
  let path: String?

  /// - Parameters:
  ///   - layers: the layers that there are.
  ///   - document: where they were read.
  ///   - trained: the layers of the file that training left, and that file.
  init(
    of layers: [Layer], in document: CaffeDocument, trained: (layers: [Layer], document: CaffeDocument, path: String)?
  ) {
    path = trained?.path
    var positions: [ByteString: Int] = [:]
    for (index, layer) in layers.enumerated() where positions[layer.name] == nil { positions[layer.name] = index }
    let sources = trained.map { ($0.layers, $0.document) } ?? (layers, document)
    for (index, source) in sources.0.enumerated() where !source.blobs.isEmpty {
      guard let target = trained == nil ? index : positions[source.name] else { continue }
      let blobs = source.blobs.map { Blob(message: $0.pointee, document: sources.1) }
      own[target] = blobs
      // As where all of them are one piece of memory: what is copied last stays.
      for (blob, name) in zip(blobs, layers[target].parameterNames) where !name.isEmpty { shared[name] = blob }
    }
  }

  /// The blobs of the layer at `index`, as far as there are any.
  func blobs(of layer: Layer, at index: Int) -> [Blob?] {
    let own = own[index] ?? []
    return (0..<max(own.count, layer.parameterNames.count)).map { position in
      let name = layer.parameterNames.indices.contains(position) ? layer.parameterNames[position] : ""
      return shared[name] ?? (own.indices.contains(position) ? own[position] : nil)
    }
  }
}
