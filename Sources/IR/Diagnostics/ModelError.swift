import Glibc

/// What went wrong with a model or a file, where, and what to do about it.
///
/// Prints as `model.onnx: node 'conv1' (Conv): error: message`.
package struct ModelError: Error, Sendable, CustomStringConvertible {
  /// Decides the exit code (sysexits).
  package enum Kind: Int32, Sendable {
    case usage = 64
    case invalidModel = 65
    case noInput = 66
    case internalFailure = 70
    case outOfMemory = 71
    case cannotCreate = 73
    case inputOutput = 74
    case noPermission = 77
  }

  package var kind: Kind
  /// The file that it is about, where that is known.
  package var file: String?
  /// The place inside the file: `node 'conv1' (Conv)`, `tensor 'fc.weight'`, `line 3, column 7`.
  package var place: String?
  package var message: String

  package init(_ kind: Kind, file: String? = nil, place: String? = nil, _ message: String) {
    self.kind = kind
    self.file = file
    self.place = place
    self.message = message
  }

  /// The same error, told of `file` unless it already names one.
  package func inFile(_ file: String) -> ModelError {
    var error = self
    error.file = error.file ?? file
    return error
  }

  /// The same error, told of `place` unless it already names one.
  package func at(_ place: String) -> ModelError {
    var error = self
    error.place = error.place ?? place
    return error
  }

  package var description: String {
    ([file, place].compactMap { $0 } + ["error", message]).joined(separator: ": ")
  }

  /// What a failed system call on an input says.
  package static func system(_ code: Int32, opening path: String) -> ModelError {
    let kind: Kind =
      switch code {
      case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG: .noInput
      case EACCES, EPERM: .noPermission
      case ENOMEM: .outOfMemory
      default: .inputOutput
      }
    return ModelError(kind, file: path, systemMessage(code))
  }

  /// The system's words for an error number.
  package static func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
  }
}
