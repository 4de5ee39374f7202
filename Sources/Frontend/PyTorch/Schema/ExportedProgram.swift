import Formats

/// A program as `torch.export.save` writes it, schema 8: what of it the lowering needs.
struct ExportedProgram {
  var graph = ProgramGraph()
  var inputs: [InputSpecification] = []
  var outputs: [OutputSpecification] = []
  /// Between which numbers each symbol lies.
  var ranges: [String: ClosedRange<Int>] = [:]
  var schemaVersion = 0
  var torchVersion = ""
}

/// The operations of a program, or of a part that an operation of higher order calls.
struct ProgramGraph {
  var inputs: [Argument] = []
  var outputs: [Argument] = []
  var nodes: [Node] = []
  var tensors: [String: TensorDescription] = [:]
}

/// One operation.
struct Node {
  /// An operand, by its name in the operator's schema.
  struct Input {
    var name = ""
    var argument = Argument.none
  }

  var target = ""
  var name = ""
  var inputs: [Input] = []
  var outputs: [Argument] = []
}

/// What is passed to an operation, or comes out of one.
indirect enum Argument {
  /// An integer of a list that is known, or the name of one that is not.
  enum Integer {
    case number(Int)
    case name(String)
  }

  case none
  case tensor(String)
  /// Tensors, some of which may be absent.
  case tensors([String?])
  case integer(Integer)
  case integers([Integer])
  case float(Double)
  case floats([Double])
  case bool(Bool)
  case bools([Bool])
  case string(String)
  /// The name of a number or truth that is not known.
  case symbolicFloat(String)
  case symbolicBool(String)
  case elementType(Int)
  case graph(ProgramGraph)
  case complex(real: Double, imaginary: Double)
  /// Where and how a tensor is stored, which no result depends on.
  case placement
  /// Something that no lowering takes; the schema's word for it.
  case other(String)
}

/// What is known of a tensor.
struct TensorDescription {
  enum Size: Equatable {
    case number(Int)
    /// A formula of symbols.
    case expression(String)
  }

  /// The schema's number of the element type.
  var elementType = 0
  var sizes: [Size] = []
  var strides: [Size] = []
  var storageOffset = Size.number(0)
  /// Whether elements lie in memory by strides, and not in one of the sparse ways.
  var isStrided = true

  /// Whether elements are of one of the schema's complex types.
  var isComplex: Bool { (9...11).contains(elementType) }
}

/// What an input of the graph is.
enum InputSpecification {
  case user(Argument)
  case parameter(name: String, weight: String)
  case buffer(name: String, weight: String)
  case constant(name: String, weight: String)
  /// A number or a text that the program was exported for.
  case fixed(name: String)
  /// What orders effects, and has no value.
  case token
  case other(String)
}

/// What an output of the graph is.
enum OutputSpecification {
  case user(Argument)
  case bufferMutation(name: String, target: String)
  case inputMutation(name: String, target: String)
  case token
  case other(String)
}
