import IR

/// The numbers that the structure section of a `.mcb` file says things with.
package enum StructureCode {
  package enum TypeTag: UInt8 {
    case unknown, tensor, sparseTensor, sequence, optional, map, opaque
  }

  package enum DimensionTag: UInt8 {
    case unknown, known, symbolic
  }

  /// How an operator is defined.
  package enum DefinitionTag: UInt8 {
    /// In the form of the vocabulary.
    case current
    /// In an older version, which is told.
    case legacy
    /// Unknown to mcc, or a function of the model.
    case opaque
    /// One of the IR's own.
    case builtin
  }

  /// What an attribute holds: ONNX's numbers of the types of attributes, and 0.
  package enum AttributeTag: UInt8 {
    case reference = 0
    case float = 1
    case int = 2
    case string = 3
    case tensor = 4
    case floats = 6
    case ints = 7
    case strings = 8
    case tensors = 9
    case sparseTensor = 11
    case sparseTensors = 12
    case type = 13
    case types = 14
  }

  /// Where a literal's elements are.
  package enum LiteralTag: UInt8 {
    /// There are none.
    case empty
    /// In a section.
    case stored
    /// Here: texts.
    case strings
  }

  package enum PropertyTag: UInt8 {
    case integer, bytes, list
  }

  package enum ConstantTag: UInt8 {
    case initializer, operation, input
  }

  /// What follows about a value.
  package struct ValueFlags: OptionSet {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Its source declared this type.
    package static let declared = ValueFlags(rawValue: 1)
    /// Its source declared another type, which follows.
    package static let declaredOtherwise = ValueFlags(rawValue: 2)
    package static let annotated = ValueFlags(rawValue: 4)
    /// An argument with a default, which follows.
    package static let defaulted = ValueFlags(rawValue: 8)
  }

  /// What follows about an operation.
  package struct OperationFlags: OptionSet {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let overloaded = OperationFlags(rawValue: 1)
    package static let located = OperationFlags(rawValue: 2)
    package static let annotated = OperationFlags(rawValue: 4)
    package static let regions = OperationFlags(rawValue: 8)
  }
}
