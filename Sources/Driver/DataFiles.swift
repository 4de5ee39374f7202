import Backends
import Frontend
import Glibc
import IR

/// The files beside a model that its weights are in.
struct DataFiles {
  private let files: [MappedFile]

  init(of module: Module, besides model: ModelFile) {
    var found: [ObjectIdentifier: MappedFile] = [:]
    var order: [MappedFile] = []
    func note(_ literal: TensorLiteral?) {
      guard case .bytes(let slice)? = literal?.source, slice.buffer !== model.contents.buffer,
        case .mapped(let file) = slice.buffer.origin, found.updateValue(file, forKey: ObjectIdentifier(file)) == nil
      else { return }
      order.append(file)
    }
    module.forEachGraph { graph in
      for argument in graph.arguments { note(argument.defaultLiteral) }
      for operation in graph.operations { note(operation.literal) }
    }
    files = order
  }

  /// Their bytes together.
  var byteCount: Int { files.reduce(0) { $0 + $1.count } }

  /// Refuses to write over one of them: the input would be broken, and with it what was meant to be written.
  func check(_ destination: OutputDestination?) throws {
    guard case .file(let path)? = destination else { return }
    var target = stat()
    guard stat(path, &target) == 0 else { return }
    if files.contains(where: { $0.identity == MappedFile.Identity(target) }) {
      throw ModelError(.cannotCreate, file: path, "holds weights of the input; write the output elsewhere")
    }
  }
}
