import Glibc
import IR

/// A model's bytes, and the path that tells where its companions are.
package struct ModelFile: Sendable {
  /// As the user gave it.
  package let path: String
  package let contents: ByteSlice

  /// Maps the file at `path`; of a folder, the model in it: a SavedModel is one.
  ///
  /// - Throws: `ModelError` where there is no such file, or it may not or cannot be mapped.
  package init(path: String) throws {
    let inFolder = "\(path.hasSuffix("/") ? path : path + "/")saved_model.pb"
    let file = access(inFolder, F_OK) == 0 ? inFolder : path
    self.init(path: file, contents: ByteSlice(Buffer(try MappedFile(path: file))))
  }

  /// Bytes that came another way, through a pipe for instance.
  package init(path: String, contents: ByteSlice) {
    self.path = path
    self.contents = contents
  }
}
