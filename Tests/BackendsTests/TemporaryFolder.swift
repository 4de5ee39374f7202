import Glibc
import IR
import Synchronization

/// A folder of a test's own, removed with all that is in it.
final class TemporaryFolder: Sendable {
  let root: String

  init() {
    var template = Array("/tmp/mcc-test-XXXXXX".utf8CString)
    root = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
  }

  deinit {
    for name in names() { unlink(path(name)) }
    rmdir(root)
  }

  func path(_ name: String) -> String { "\(root)/\(name)" }

  /// Makes a file and returns its path.
  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let path = path(name)
    guard let stream = fopen(path, "wb") else { return path }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return path
  }

  func contents(_ name: String) throws -> [UInt8] {
    guard let stream = fopen(path(name), "rb") else { throw ModelError.system(errno, opening: path(name)) }
    defer { fclose(stream) }
    var result: [UInt8] = []
    var window = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&window, 1, window.count, stream)
      if count == 0 { return result }
      result += window[..<count]
    }
  }

  /// The names in the folder, sorted.
  func names() -> [String] {
    guard let stream = opendir(root) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// A value that threads share.
final class Box<Value: Sendable>: Sendable {
  private let stored: Mutex<Value>

  init(_ value: Value) { stored = Mutex(value) }

  var value: Value {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  func withLock(_ body: (inout sending Value) -> Void) { stored.withLock { body(&$0) } }
}
