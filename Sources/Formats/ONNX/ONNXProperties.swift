import IR

/// The keys under which the ONNX importer keeps, in `Annotations`, what the IR itself has no place for. The exporter
/// writes it back.
///
/// A property is there only where the file says something that the exporter would not write anyway: a model that is
/// written the plain way has
/// next to none. What the exporter writes without being told:
/// - a scalar field of text or number only where it is not empty or 0; a node's `op_type`, an attribute's `type` and
/// value, a tensor's `dims` and
///   `data_type`, an operator set's `version` and the model's `ir_version` always;
/// - `doc_string` where `Annotations.documentation` is not nil (it may be empty), `metadata_props` from
/// `Annotations.metadata`;
/// - the default domain as an absent field;
/// - a node's attributes sorted by name; value_info of each value with a `declaredType` that is no argument and no
/// initializer's input, and the
///   initializers, in the order of the IR.
///
/// "Wire bytes" are a message, or fields of one, as protobuf encodes them. They can be appended to a message that lacks
/// those fields.
package enum ONNXProperty {
  // MARK: Anywhere

  /// Bytes: the fields of the message that this build does not know, tags included.
  package static let unknownFields = "onnx.unknown_fields"
  /// Integer: a mask of the scalar fields that were written although they say what their absence says. Bit n is field
  /// number n.
  package static let explicitFields = "onnx.explicit_fields"
  /// Integer: a mask of the fields that are absent although the exporter writes them always. Bit n is field number n.
  package static let absentFields = "onnx.absent_fields"
  /// Bytes, on a value or a graph output: the TypeProto as wire bytes, where `ValueType` cannot say all of it
  /// (denotations, a dimension -1, an
  /// empty shape parameter). It counts while `ONNXTypes.type(ofWire:)` of it is still the value's declared type.
  package static let type = "onnx.type"

  // MARK: Module

  /// Integer.
  package static let irVersion = "onnx.ir_version"
  /// Integer: the version of the default domain that the file imports. The IR version is its own while the target is no
  /// newer.
  package static let sourceOpset = "onnx.source_opset"
  /// Bytes.
  package static let producerName = "onnx.producer_name"
  /// Bytes.
  package static let producerVersion = "onnx.producer_version"
  /// Bytes: ModelProto.domain.
  package static let domain = "onnx.domain"
  /// Integer.
  package static let modelVersion = "onnx.model_version"
  /// List of bytes: each TrainingInfoProto as wire bytes. A module that has it can be converted only.
  package static let trainingInfo = "onnx.training_info"
  /// List of bytes: each DeviceConfigurationProto as wire bytes.
  package static let configurations = "onnx.configuration"
  /// List of bytes: the locations, as the file spells them, of the external data that the model refers to. Present
  /// where there is any.
  package static let externalData = "onnx.external_data"

  // MARK: Module and function

  /// List of bytes, one for each entry of the module's `target` or the function's `opsets` at import: the
  /// OperatorSetIdProto as wire bytes without
  /// its version. Says how the default domain is spelled (absent, empty, `ai.onnx`) and keeps unknown fields. An
  /// entry's domain stays its key:
  /// entries that were added since are written plainly.
  package static let operatorSets = "onnx.opset_import"

  // MARK: Graph

  /// List of integers: the order of `initializer`. The initializers counted are the constants of initializer form with
  /// a dense value in the
  /// order of the operations, then the arguments that have a default in the order of the arguments. Counts while their
  /// number is the list's.
  package static let initializerOrder = "onnx.initializer_order"
  /// List of integers: the order of `value_info`. n >= 0 is the nth value that has a `declaredType`, of the constants'
  /// and operations' results
  /// in order; -1 - k is the kth of `extraValueInfo`. Counts while their number is the list's.
  package static let valueInfoOrder = "onnx.value_info_order"
  /// List of bytes: each ValueInfoProto, as wire bytes, that is about no operation's result: an argument, a value of
  /// another graph, nothing at all,
  /// or a result that had its entry already.
  package static let extraValueInfo = "onnx.extra_value_info"
  /// List of bytes: each TensorAnnotation, as wire bytes, that names a tensor which the graph does not have. The others
  /// are `annotate` operations.
  package static let extraQuantizationAnnotations = "onnx.extra_quantization_annotation"

  // MARK: Operation

  /// List of bytes: the attributes that the IR's form of the operator needs and the file's form implied. Lowering takes
  /// them away again without asking whether the older form means the same.
  package static let impliedAttributes = "onnx.implied_attributes"
  /// List of lists [bytes, integer or list of integers]: the attributes, with their values, that the file wrote and the
  /// IR's form of the operator neither says nor needs.
  package static let keptAttributes = "onnx.kept_attributes"
  /// Bytes, on an operation or a function: the domain as the file spells it where that is not the definition's (`""`
  /// written out, `ai.onnx`).
  package static let spelledDomain = "onnx.spelled_domain"
  /// List of bytes: the names of the attributes, graphs included, in the file's order, where that is not sorted.
  package static let attributeOrder = "onnx.attribute_order"
  /// List of bytes: the names of the attributes of type GRAPHS; each has as many regions of that name as it has graphs.
  package static let graphLists = "onnx.graph_lists"
  /// List of lists [bytes, bytes]: the name of a graph-valued attribute, and its AttributeProto's other fields (doc
  /// string, unknown fields) as wire
  /// bytes; where there are any.
  package static let graphAttributes = "onnx.graph_attributes"
  /// List with a list for each NodeDeviceConfigurationProto: [bytes, [integer, bytes] ...]. The bytes are the message
  /// as wire bytes without its
  /// sharding_spec; then each ShardingSpecProto: what its tensor_name names, n >= 0 the nth operand, -1 - n the nth
  /// result, and the message as
  /// wire bytes without its tensor_name. A tensor_name that names neither stays in the wire bytes, and the integer is
  /// `unnamedSharding`.
  package static let deviceConfigurations = "onnx.device_configurations"
  package static let unnamedSharding = Int64.max

  // MARK: Literals

  /// Bytes, on a constant of initializer form or an attribute that is one tensor: the TensorProto as wire bytes without
  /// dims, data_type, data,
  /// external_data and the data_location EXTERNAL; of an initializer also without name, doc_string and metadata_props,
  /// which the value and
  /// the operation have. On an argument with a default: with doc_string and metadata_props, which are not the
  /// argument's.
  ///
  /// List of bytes, on an attribute of several tensors: the same of each. For sparse tensors the list has for each its
  /// values', its indices' and
  /// its own unknown fields; the name of a sparse initializer is its values' and left out.
  package static let tensor = "onnx.tensor"
  /// Bytes, on the result of a constant with an initializer slot: its ValueInfoProto among the graph's inputs as wire
  /// bytes without the name,
  /// where it says something else than the type of the literal.
  package static let input = "onnx.input"
}

/// How an `annotate` operation holds an ONNX quantization annotation (TensorAnnotation): its first operand is the
/// tensor, the others are the
/// quantization parameters. It comes after its operands' definitions, before the `return`, in the order of the file.
package enum ONNXAnnotation {
  /// String attribute that says what kind of statement it is.
  package static let kind: ByteString = "kind"
  package static let quantization: ByteString = "quantization"
  /// Strings attribute: the key of each operand after the first, such as SCALE_TENSOR.
  package static let keys: ByteString = "keys"
}
