import CModelProtos
import Formats
import IR

/// Reads networks of Caffe: the layers as text or in binary, and the weights in the same file or in another.
package struct CaffeImporter: Importer {
  package static let format = InputFormat.caffe

  package init() {}

  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    !path.hasSuffix(".onnx") && CaffeFile.Form(prefix: prefix, path: path) != nil
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    let document = try CaffeFile.document(file.path, file.contents)
    let network = document.network.pointee
    let list = try LayerList(document)
    var trained: (list: LayerList, document: CaffeDocument, path: String)?
    if let weights = file.weights {
      do {
        let document = try CaffeFile.document(weights.path, weights.contents)
        trained = (try LayerList(document), document, weights.path)
      } catch let error as ModelError {
        throw error.inFile(weights.path)
      }
    }
    let reader = try NetworkReader(
      name: ByteString(network.name), layers: list.layers, state: NetworkState(network),
      unknownFields: document.unknownFields,
      weights: {
        NetworkWeights(of: $0, in: document, trained: trained.map { ($0.list.layers, $0.document, $0.path) })
      },
      diagnostics: diagnostics)
    let module = try withExtendedLifetime((document, list, trained)) { try reader.read() }
    file.contents.giveBackPages()
    file.weights?.contents.giveBackPages()
    return module
  }
}
