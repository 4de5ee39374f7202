import CModelProtos
import Formats
import IR

/// What a graph's `value_info` says of values, and in which order.
struct ValueInfoTable {
  private var entries: [ByteString: (index: Int, info: ValueInfo)] = [:]
  private let protos: [UnpackedMessage<Onnx__ValueInfoProto>]
  /// For each entry, which of the declared values it is about; `nil` where it is about no result of an operation.
  private var declared: [Int?]
  private var declaredCount = 0

  init() {
    protos = []
    declared = []
  }

  /// - Parameter inputs: the graph's inputs, which have their types from elsewhere.
  init(_ protos: [UnpackedMessage<Onnx__ValueInfoProto>], inputs: Set<ByteString>) throws {
    self.protos = protos
    declared = Array(repeating: nil, count: protos.count)
    for (index, proto) in protos.enumerated() {
      let info = try ValueInfo(proto)
      if inputs.contains(info.name) || info.type == .unknown || entries[info.name] != nil { continue }
      entries[info.name] = (index, info)
    }
  }

  /// The entry for a value that is about to be defined by an operation. Values are asked for once each, in the order of the operations.
  mutating func take(_ name: ByteString) -> ValueInfo? {
    guard let entry = entries.removeValue(forKey: name) else { return nil }
    declared[entry.index] = declaredCount
    declaredCount += 1
    return entry.info
  }

  /// The entries that were not asked for, as they are.
  var extra: Annotations.Property? {
    .list(unlessEmpty: zip(protos, declared).filter { $0.1 == nil }.map { .bytes($0.0.wireBytes) })
  }

  /// The file's order, where it is not that of the operations.
  var order: Annotations.Property? {
    var extraCount = 0
    let order = declared.map { position -> Int in
      if let position { return position }
      extraCount += 1
      return -extraCount
    }
    let plain = Array(0..<declaredCount) + (0..<extraCount).map { -1 - $0 }
    return order == plain ? nil : .list(order.map { .integer(Int64($0)) })
  }
}
