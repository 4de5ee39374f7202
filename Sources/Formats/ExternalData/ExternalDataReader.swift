import Glibc
import IR

/// Finds the files that hold a model's weights beside it, and the ranges that its tensors refer to.
///
/// A location comes from the model, which is not trusted: it is relative, has no `..`, and what it leads to, links resolved, lies under the folder
/// of the model's path as given or of the model file that this path leads to (model caches link both).
package final class ExternalDataReader {
  /// The locations that tensors referred to, each once, in the order of the first reference.
  package private(set) var locations: [ByteString] = []
  private var known: Set<ByteString> = []
  private let folders: [String]
  private var files: [String: Buffer] = [:]
  private var claims: [ObjectIdentifier: [Claim]] = [:]
  /// The files' identities in the order in which they were opened.
  private var order: [ObjectIdentifier] = []

  private struct Claim {
    let range: Range<Int>
    let tensor: ByteString
  }

  /// - Parameter path: the model's path, as given.
  package init(besideModel path: String) {
    let given = Self.folder(of: path)
    let resolved = Self.resolve(path).map(Self.folder)
    folders = resolved.map { [given, $0] } ?? [given]
  }

  /// The bytes of a tensor.
  ///
  /// - Parameter count: how many the tensor needs.
  /// - Throws: `ModelError` where the location is not allowed, or the file does not hold them.
  package func read(_ location: ByteString, offset: Int64, count: Int, tensor: ByteString) throws -> ByteSlice {
    let buffer = try open(location)
    if known.insert(location).inserted { locations.append(location) }
    guard let start = Int(exactly: offset), let slice = ByteSlice(buffer, offset: start, count: count) else {
      throw ModelError(
        .invalidModel,
        "needs \(count) bytes at offset \(offset) of '\(location.text)', which has \(buffer.count)")
    }
    if count > 0 {
      claims[ObjectIdentifier(buffer), default: []].append(Claim(range: start..<start + count, tensor: tensor))
    }
    return slice
  }

  /// Refuses tensors that share a part of their bytes. Equal ranges are one storage.
  package func checkOverlaps() throws {
    for file in order {
      let sorted = (claims[file] ?? []).sorted {
        ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
      }
      for (first, second) in zip(sorted, sorted.dropFirst())
      where first.range != second.range && second.range.lowerBound < first.range.upperBound {
        throw ModelError(
          .invalidModel, place: "tensor '\(second.tensor.text)'",
          "its external data (\(second.range)) overlaps a part of that of '\(first.tensor.text)' (\(first.range))")
      }
    }
  }

  // MARK: Files

  private func open(_ location: ByteString) throws -> Buffer {
    let path = try find(location)
    if let known = files[path] { return known }
    let buffer = Buffer(try MappedFile(path: path))
    files[path] = buffer
    order.append(ObjectIdentifier(buffer))
    return buffer
  }

  private func find(_ location: ByteString) throws -> String {
    guard !location.isEmpty, !location.bytes.contains(0), let name = String(validating: location.bytes, as: UTF8.self)
    else { throw ModelError(.invalidModel, "its external data has no usable location: '\(location.text)'") }
    guard location.bytes.first != UInt8(ascii: "/"), !name.split(separator: "/").contains("..") else {
      throw ModelError(
        .invalidModel, "its external data is at '\(name)': only files under the model's own folder are read")
    }
    for folder in folders {
      guard let path = Self.resolve("\(folder)/\(name)") else {
        if errno == ENOENT || errno == ENOTDIR { continue }
        throw ModelError.system(errno, opening: "\(folder)/\(name)")
      }
      guard isAllowed(path) else {
        throw ModelError(
          .invalidModel,
          "its external data '\(name)' is a link to '\(path)': only files under the model's own folder are read")
      }
      return path
    }
    throw ModelError(.noInput, "its external data '\(name)' is not there; it belongs beside the model")
  }

  private func isAllowed(_ path: String) -> Bool {
    folders.contains { folder in
      guard let resolved = Self.resolve(folder) else { return false }
      return path.hasPrefix(resolved == "/" ? "/" : resolved + "/")
    }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path without links; `nil`, and `errno`, where there is nothing.
  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
