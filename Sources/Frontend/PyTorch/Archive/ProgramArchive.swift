import Formats
import IR

/// The files of a `.pt2` archive: the program, and the tensors that it refers to by name.
struct ProgramArchive {
  private let zip: ZipArchive
  /// What the names of all files begin with.
  private let root: String
  /// The name of the program among those that an archive may hold; `nil` where PyTorch before 2.8 wrote it, with the
  /// tensors in pickles beside.
  private let model: String?
  private let fileBytes: Int

  /// Text is inflated and read as a whole: no more of it than the archive explains, and some.
  private static let freeTextBytes = 4 << 20

  /// - Throws: `ModelError` where the file is no such archive; it says what it is instead, where that is known.
  init(_ file: ByteSlice) throws {
    zip = try ZipArchive(file)
    fileBytes = file.count
    let programs = zip.names.filter { $0.hasSuffix(".json") && Self.folder(of: $0) == "models" }
    if let program = programs.first {
      guard programs.count == 1 else {
        let list = programs.map { "'\($0)'" }.joined(separator: ", ")
        throw ModelError(.invalidModel, "holds several programs, \(list); save the one to compile by itself")
      }
      let parts = program.split(separator: "/", omittingEmptySubsequences: false)
      root = parts.dropLast(2).map { "\($0)/" }.joined()
      model = String(parts[parts.count - 1].dropLast(".json".count))
    } else if zip.names.contains(Self.earlierProgram) {
      root = ""
      model = nil
    } else {
      throw OtherArchive.refusal(of: zip.names)
    }
    if let order = try zip.contents(of: root + "byteorder"), !order.withUnsafeBytes({ $0.elementsEqual("little".utf8) })
    {
      throw ModelError(.invalidModel, "holds numbers in another byte order than little endian")
    }
  }

  private static let earlierProgram = "serialized_exported_program.json"

  private static func folder(of name: String) -> Substring? { name.split(separator: "/").dropLast().last }

  func program() throws -> ExportedProgram {
    let name = model.map { "\(root)models/\($0).json" } ?? Self.earlierProgram
    guard let text = try text(name) else { throw ModelError(.invalidModel, "has no '\(name)'") }
    do {
      return try ExportedProgram(text, allowance: allowance)
    } catch let error as ModelError {
      throw error.at(name)
    }
  }

  /// The tensors of `folder`, `weights` or `constants`, by the names that the program has for them.
  func payloads(_ folder: String) throws -> [String: Payload] {
    guard let model else { return [:] }
    let name = "\(root)data/\(folder)/\(model)_\(folder)_config.json"
    guard let text = try text(name) else { return [:] }
    do {
      return try JSONReader.read(text, allowance: allowance) { reader in
        var result: [String: Payload] = [:]
        try reader.readObject { reader, key in
          guard key == "config" else { return try reader.skip() }
          result = try reader.readDictionary { try Payload(&$0) }
        }
        return result
      }
    } catch let error as ModelError {
      throw error.at(name)
    }
  }

  /// The bytes of the tensor at `path` of `folder`.
  func bytes(_ folder: String, _ path: String) throws -> ByteSlice? {
    try zip.contents(of: "\(root)data/\(folder)/\(path)")
  }

  /// The tensors that an earlier PyTorch saved beside the program, by the names that the program has for them.
  func pickledTensors() throws -> [String: Result<StoredTensor, ModelError>] {
    guard model == nil else { return [:] }
    return try ["serialized_state_dict.pt", "serialized_constants.pt"].reduce(into: [:]) { tensors, name in
      do {
        guard let file = try zip.contents(of: name) else { throw ModelError(.invalidModel, "is missing") }
        tensors.merge(try PickledTensors.dictionary(file)) { first, _ in first }
      } catch let error as ModelError {
        throw error.at(name)
      }
    }
  }

  private var allowance: Int { (32 << 20) + 4 * fileBytes }

  private func text(_ name: String) throws -> ByteSlice? {
    if let count = zip.byteCount(of: name), count > Self.freeTextBytes + fileBytes {
      throw ModelError(.invalidModel, place: name, "is of \(count) bytes when inflated: too many for this archive")
    }
    return try zip.contents(of: name)
  }
}
