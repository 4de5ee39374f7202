import Glibc
import IR

/// A model's bytes, and the path that tells where its companions are.
package struct ModelFile: Sendable {
  /// As the user gave it.
  package let path: String
  package let contents: ByteSlice
  /// The file that the weights are in, where the user named one beside the model.
  package let weights: (path: String, contents: ByteSlice)?

  /// Maps the files of a model; of a folder, the model in it: a SavedModel is one.
  ///
  /// - Throws: `ModelError` where there is no such file, or it may not or cannot be mapped.
  package init(_ model: ModelPath) throws {
    let inFolder = "\(model.path.hasSuffix("/") ? model.path : model.path + "/")saved_model.pb"
    path = access(inFolder, F_OK) == 0 ? inFolder : model.path
    contents = ByteSlice(Buffer(try MappedFile(path: path)))
    weights = try model.weights.map { ($0, ByteSlice(Buffer(try MappedFile(path: $0)))) }
  }

  /// Bytes that came another way, through a pipe for instance.
  package init(path: String, contents: ByteSlice) {
    self.path = path
    self.contents = contents
    weights = nil
  }

  /// The bytes of its files.
  package var byteCount: Int { contents.count + (weights?.contents.count ?? 0) }

  /// What the file at `path` is as a file of Caffe; `nil` where it is none, or cannot be read.
  static func form(of path: String) -> CaffeFile.Form? {
    let contents = (try? MappedFile(path: path)).map { ByteSlice(Buffer($0)) } ?? ByteSlice([])
    return contents.withUnsafeBytes { bytes in
      let prefix = UnsafeRawBufferPointer(rebasing: bytes.prefix(InputFormat.prefixLength))
      // What another format has an unmistakable beginning for is not Caffe's.
      let isOther = InputFormat.allCases.contains { format in
        format != .caffe && format.importer.recognizes(prefix: prefix, path: path)
      }
      return isOther ? nil : CaffeFile.Form(prefix: prefix, path: path)
    }
  }
}
