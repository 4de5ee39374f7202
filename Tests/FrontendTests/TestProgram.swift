import Frontend
import IR

/// Small `.pt2` archives, made by hand.
enum TestProgram {
  /// A zip archive of stored files.
  ///
  /// - Parameter offsets: for a file, another place that the directory is to say.
  static func zip(_ files: [(name: String, content: [UInt8])], offsets: [Int: Int] = [:]) -> [UInt8] {
    func number(_ value: Int, _ width: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for (index, file) in files.enumerated() {
      let sizes = number(file.content.count, 4) + number(file.content.count, 4) + number(file.name.utf8.count, 2)
      let common = number(20, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) + sizes + number(0, 2)
      directory += number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 10)
      directory += number(offsets[index] ?? archive.count, 4) + Array(file.name.utf8)
      archive += number(0x0403_4B50, 4) + common + Array(file.name.utf8) + file.content
    }
    let end = number(0x0605_4B50, 4) + number(0, 4) + number(files.count, 2) + number(files.count, 2)
    return archive + directory + end + number(directory.count, 4) + number(archive.count, 4) + number(0, 2)
  }

  /// The archive of a program.
  static func archive(
    _ program: String, weights: String = "{\"config\": {}}", files: [(name: String, content: [UInt8])] = []
  ) -> [UInt8] {
    zip(
      [
        ("m/models/model.json", Array(program.utf8)), ("m/data/weights/model_weights_config.json", Array(weights.utf8)),
        ("m/byteorder", Array("little".utf8)),
      ] + files)
  }

  /// A description of a float32 tensor.
  static func tensor(_ sizes: [Int], strides: [Int]? = nil, offset: Int = 0) -> String {
    func list(_ values: [Int]) -> String { "[\(values.map { "{\"as_int\": \($0)}" }.joined(separator: ", "))]" }
    let strides = strides ?? sizes.indices.map { sizes[($0 + 1)...].reduce(1, *) }
    return """
      {"dtype": 7, "sizes": \(list(sizes)), "strides": \(list(strides)), "storage_offset": {"as_int": \(offset)}, \
      "layout": 7, "requires_grad": false}
      """
  }

  /// An operation on tensors that gives one.
  static func node(_ target: String, _ inputs: [(String, String)], _ output: String) -> String {
    let inputs = inputs.map { "{\"name\": \"\($0.0)\", \"arg\": \($0.1)}" }.joined(separator: ", ")
    return """
      {"target": "torch.ops.\(target)", "inputs": [\(inputs)], "outputs": [{"as_tensor": {"name": "\(output)"}}], \
      "metadata": {"stack_trace": "\\u00e9\\n"}, "name": "\(output)"}
      """
  }

  static func argument(_ name: String) -> String { "{\"as_tensor\": {\"name\": \"\(name)\"}}" }

  /// A program of the input `x` and the weight `w`, both of the sizes [2, 3] unless `values` says another.
  static func program(
    _ nodes: [String], output: String = "y", values: [String: String] = [:], outputs: String? = nil
  ) -> String {
    let known = ["x": tensor([2, 3]), "w": tensor([2, 3])].merging(values) { $1 }
    let list = known.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    let output = outputs ?? "{\"user_output\": {\"arg\": \(argument(output))}}"
    return """
      {"graph_module": {"graph": {"inputs": [], "outputs": [], "nodes": [\(nodes.joined(separator: ", "))], \
      "tensor_values": {\(list)}}, "signature": {"input_specs": [{"user_input": {"arg": \(argument("x"))}}, \
      {"parameter": {"arg": {"name": "w"}, "parameter_name": "weight"}}], "output_specs": [\(output)]}}, \
      "schema_version": {"major": 8, "minor": 20}, "torch_version": "2.15.0", "range_constraints": {}}
      """
  }

  /// What says where the weight `w` is.
  static func weights(_ description: String, pickled: Bool = false) -> String {
    "{\"config\": {\"weight\": {\"path_name\": \"weight_0\", \"use_pickle\": \(pickled), \"tensor_meta\": \(description)}}}"
  }

  static func read(_ bytes: [UInt8]) throws -> Module {
    try Module.read(ModelFile(path: "model.pt2", contents: ByteSlice(bytes)), diagnostics: Diagnostics())
  }

  /// The message with which an archive is refused; empty where it is not.
  static func refusal(of bytes: [UInt8]) throws -> String {
    do {
      _ = try read(bytes)
      return ""
    } catch let error as ModelError {
      return error.description
    }
  }
}
