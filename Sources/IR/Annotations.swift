/// What a module, graph, operation or value carries beside its meaning: passes neither read nor interpret it, exporters
/// write it back.
package struct Annotations: Hashable, Sendable {
  /// A key and its text, in the file's order.
  package struct Entry: Hashable, Sendable {
    package var key: ByteString
    package var value: ByteString

    package init(key: ByteString, value: ByteString) {
      self.key = key
      self.value = value
    }
  }

  /// What a property holds.
  package indirect enum Property: Hashable, Sendable {
    case integer(Int64)
    case bytes(ByteString)
    case list([Property])
  }

  package var documentation: ByteString?
  package var metadata: [Entry] = []
  /// Facts that one format alone knows, under keys that begin with the format's name: `onnx.producer_name`,
  /// `onnx.unknown_fields`.
  package private(set) var properties: [String: Property] = [:]

  package init() {}

  package var isEmpty: Bool { documentation == nil && metadata.isEmpty && properties.isEmpty }

  package subscript(key: String) -> Property? {
    get { properties[key] }
    set {
      guard newValue != nil || !properties.isEmpty else { return }
      properties[key] = newValue
    }
  }

  /// The bytes under `key`.
  package func bytes(_ key: String) -> ByteString? {
    if case .bytes(let bytes)? = properties[key] { bytes } else { nil }
  }

  /// The integer under `key`.
  package func integer(_ key: String) -> Int64? {
    if case .integer(let value)? = properties[key] { value } else { nil }
  }

  /// The properties in the order of their keys: the order in which they print.
  package var sortedProperties: [(key: String, value: Property)] {
    properties.sorted { $0.key < $1.key }
  }
}
