import CModelProtos
import IR

/// The values of a model's variables: an index of names, and shards that are mapped where a value is asked for.
package final class Checkpoint {
  private struct Entry {
    let number: Int
    let dimensions: [Int]
    let shard: Int
    let offset: Int64
    let size: Int64
  }

  private let name: String
  private let files: ExternalDataReader
  private var shardCount = 1
  private var entries: [ByteString: Entry] = [:]

  /// Reads the index of `variables/variables` in the folder of the model at `path`.
  ///
  /// - Throws: `ModelError` where there is no such index, or it is damaged.
  package init(besideModel path: String) throws {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    name = "\(folder)variables/variables"
    files = ExternalDataReader(besideModel: path)
    do {
      let index = ByteSlice(Buffer(try MappedFile(path: "\(name).index")))
      try read(index)
    } catch let error as ModelError {
      throw error.inFile("\(name).index")
    }
  }

  /// The keys of all values, sorted.
  package var keys: [ByteString] { entries.keys.sorted() }

  /// The value stored under `key`; `nil` where there is none. Nothing is copied.
  ///
  /// - Throws: `ModelError` where it lies outside its shard, or is of a type that ONNX has not.
  package func literal(_ key: ByteString) throws -> TensorLiteral? {
    guard let entry = entries[key] else { return nil }
    do {
      let type = try ElementType(tensorFlow: entry.number)
      guard type != .string else { throw ModelError(.invalidModel, "is a variable of strings, which mcc cannot read") }
      return try TensorLiteral(type, entry.dimensions, .bytes(try contents(of: entry, key)))
    } catch let error as ModelError {
      throw error.at("variable '\(key.text)'")
    }
  }

  /// The one string stored under `key`; `nil` where that is something else.
  func string(_ key: ByteString) throws -> ByteSlice? {
    guard let entry = entries[key], try ElementType(tensorFlow: entry.number) == .string, entry.dimensions.isEmpty
    else { return nil }
    // Its length, a checksum of that, then itself.
    let contents = try contents(of: entry, key)
    return try contents.withUnsafeBytes { bytes in
      var cursor = WireCursor(bytes, 0..<bytes.count)
      let length = try cursor.readVarint()
      let start = cursor.offset + 4
      guard start <= bytes.count, length == UInt64(bytes.count - start) else {
        throw ModelError(.invalidModel, place: "'\(key.text)'", "is no string of \(length) bytes")
      }
      return contents.slice(offset: start, count: bytes.count - start)
    }
  }

  private func contents(of entry: Entry, _ key: ByteString) throws -> ByteSlice {
    guard let size = Int(exactly: entry.size), size >= 0 else {
      throw ModelError(.invalidModel, "has \(entry.size) bytes")
    }
    let shard = "variables/variables.data-\(Self.padded(entry.shard))-of-\(Self.padded(shardCount))"
    return try files.read(ByteString(shard), offset: entry.offset, count: size, tensor: key)
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
  }

  // MARK: The index

  private func read(_ index: ByteSlice) throws {
    let limit = WireScan.Limits.memory(byteCount: index.count)
    var remaining = limit
    try TableReader(index).forEachEntry { key, value in
      // Keys share prefixes in the file, and not in memory.
      let cost = key.count + 512
      guard cost <= remaining else {
        throw ModelError(.invalidModel, "its keys would take more than \(limit) bytes; it is refused")
      }
      remaining -= cost
      try key.isEmpty ? readHeader(value) : readEntry(ByteString(key), value)
    }
  }

  private func readHeader(_ value: ByteSlice) throws {
    let document: WireDocument<Tensorflow__BundleHeaderProto> = try Self.unpack(value, Self.headerSchema)
    let header = document.root.pointee
    guard header.endianness == 0 else {
      throw ModelError(.invalidModel, "its numbers are big-endian, which mcc does not read")
    }
    shardCount = Int(header.num_shards)
  }

  private func readEntry(_ key: ByteString, _ value: ByteSlice) throws {
    let document: WireDocument<Tensorflow__BundleEntryProto> = try Self.unpack(value, Self.entrySchema)
    let entry = document.root.pointee
    // A variable in slices is listed whole, without data, and each slice under a key of its own (`key(of:slice:)`).
    guard entry.n_slices == 0 else { return }
    let dimensions = try messages(entry.shape?.pointee.dim, entry.shape?.pointee.n_dim ?? 0).map { dimension in
      guard let size = Int(exactly: dimension.pointee.size), size >= 0 else {
        throw ModelError(.invalidModel, place: "variable '\(key.text)'", "has dimension \(dimension.pointee.size)")
      }
      return size
    }
    entries[key] = Entry(
      number: Int(entry.dtype), dimensions: dimensions, shard: Int(entry.shard_id), offset: entry.offset,
      size: entry.size)
  }

  private static let headerSchema: WireSchema? = {
    var message = Tensorflow__BundleHeaderProto()
    tensorflow__bundle_header_proto__init(&message)
    return message.base.descriptor.map { WireSchema($0) }
  }()

  private static let entrySchema: WireSchema? = {
    var message = Tensorflow__BundleEntryProto()
    tensorflow__bundle_entry_proto__init(&message)
    return message.base.descriptor.map { WireSchema($0) }
  }()

  private static func unpack<Message>(_ bytes: ByteSlice, _ schema: WireSchema?) throws -> WireDocument<Message> {
    guard let schema else { throw ModelError(.internalFailure, "TensorFlow's descriptors are not there") }
    return try WireDocument(
      bytes, schema, WireScan.Limits(depth: 4, nested: ("TensorShapeProto", 1), memory: 1 << 20),
      format: "entry of a checkpoint")
  }
}
