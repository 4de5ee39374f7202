import Glibc
import IR
import Passes

/// What somebody may have meant by an input that is not there.
struct MissingInput {
  private let path: String

  init(_ path: String) {
    self.path = path
  }

  /// The error with what to do about it.
  func explain(_ error: ModelError) -> ModelError {
    guard access(path, F_OK) != 0 else { return error }
    var error = error
    error.message += hint
    return error
  }

  private var hint: String {
    if PassRegistry.pass(named: path) != nil { return "; '\(path)' is a pass: say -passes=\(path)" }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let name = String(path.dropFirst(folder.count))
    guard let closest = Suggestion.closest(to: name, among: Self.files(in: folder.isEmpty ? "." : folder)) else {
      return "; check the path"
    }
    return "; did you mean '\(folder)\(closest)'?"
  }

  /// The names in a folder, sorted.
  private static func files(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.sorted()
  }
}
