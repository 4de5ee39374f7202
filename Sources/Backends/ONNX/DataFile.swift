import Formats
import Glibc
import IR

/// Writes the file of weights beside a model: under a name that no file has, or that a file with the same bytes has.
struct DataFile {
  /// The name, in the model's folder.
  let name: String
  private let path: String
  private let isNew: Bool

  /// Writes `layout` for the model that is to be at `destination`.
  ///
  /// - Parameter requested: the name that the user asks for; else the file is called after the model.
  /// - Throws: `ModelError` where it cannot be written, or another file has the requested name.
  init(
    _ layout: OutputLayout, besideModel destination: String, requested: String?, _ options: ExportOptions
  ) throws {
    let folder = OutputFile.folder(of: destination)
    let plainName = requested ?? Self.name(besideModel: destination)
    let checksums = ChecksumList(count: layout.windows().count)
    var taken: (name: String, isNew: Bool)?
    _ = try OutputFile.writeNew("\(folder)/\(plainName)", synchronizes: options.synchronizesFiles) { file in
      let writer = OutputWriter(layout) { checksums.set($0, Checksum.of($1)) }
      try writer.write(to: file, threads: options.threads)
    } name: { file, _ in
      let checksum = Checksum.combining(checksums.checksums)
      let names = [plainName] + (requested == nil ? [Self.name(besideModel: destination, checksum)] : [])
      for name in names where taken == nil {
        if let isNew = try file.takeNameIfFree("\(folder)/\(name)") { taken = (name, isNew) }
      }
      guard taken != nil else {
        throw ModelError(
          .cannotCreate, file: file.name,
          "is there already, with other contents, and weights that other models may need are never replaced; "
            + "remove it, or name another file with -external-data=<file>")
      }
    }
    name = taken?.name ?? ""
    isNew = taken?.isNew ?? false
    path = "\(folder)/\(name)"
  }

  /// Removes the file again, unless it was there before: the model that needs it was not written.
  func discard() {
    if isNew { unlink(path) }
  }

  /// `model.onnx.data`; where that is taken, a name that the contents give: `model.onnx-0123456789abcdef.data`.
  private static func name(besideModel destination: String, _ checksum: UInt64? = nil) -> String {
    let model = destination.split(separator: "/").last.map { String($0) } ?? destination
    guard let checksum else { return "\(model).data" }
    let digits = String(checksum, radix: 16)
    return "\(model)-\(String(repeating: "0", count: 16 - digits.count))\(digits).data"
  }

  /// - Throws: `ModelError` where `name` is no plain file name, or the model's own.
  static func check(_ name: String, besideModel destination: String) throws {
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), name != ".", name != ".." else {
      throw ModelError(.usage, "-external-data=\(name) is no file name; the file goes into the model's folder")
    }
    guard destination.split(separator: "/").last.map({ String($0) }) != name else {
      throw ModelError(.usage, "-external-data=\(name) is the model's own name; name another file")
    }
  }
}
