import CModelProtos
import IR

extension Checkpoint {
  private static let objects: ByteString = "_CHECKPOINTABLE_OBJECT_GRAPH"

  /// The keys of values by the names of the variables that they were of, where that is one value each.
  package func keysByVariable() throws -> [ByteString: ByteString] {
    guard let content = try string(Self.objects), let schema = Self.objectSchema else { return [:] }
    let document: WireDocument<Tensorflow__TrackableObjectGraph>
    do {
      let limits = WireScan.Limits(
        depth: 4, nested: ("TrackableObject", 1), memory: WireScan.Limits.memory(byteCount: content.count))
      document = try WireDocument(content, schema, limits, format: "graph of a checkpoint's objects")
    } catch let error as ModelError {
      throw error.at("'\(Self.objects.text)'")
    }
    var keys: [ByteString: ByteString?] = [:]
    let graph = document.root.pointee
    for object in messages(graph.nodes, graph.n_nodes) {
      for value in messages(object.pointee.attributes, object.pointee.n_attributes) {
        let (name, key) = (ByteString(value.pointee.full_name), ByteString(value.pointee.checkpoint_key))
        keys[name] = keys[name] == nil || keys[name] == key ? key : .some(nil)
      }
    }
    return keys.compactMapValues { $0 }
  }

  private static let objectSchema: WireSchema? = {
    var graph = Tensorflow__TrackableObjectGraph()
    tensorflow__trackable_object_graph__init(&graph)
    return graph.base.descriptor.map { WireSchema($0) }
  }()
}
