import Formats

extension InputSpecification {
  init(_ reader: inout JSONReader) throws {
    self = .other("an input of no kind")
    try reader.readObject { reader, key in
      var (argument, target) = (Argument.none, "")
      var name = ""
      try reader.readObject { reader, member in
        switch member {
        case "arg" where key == "user_input": argument = try Argument(&reader)
        case "arg": try reader.readObject { if $1 == "name" { name = try $0.readString() } else { try $0.skip() } }
        case "name": name = try reader.readString()
        case "parameter_name", "buffer_name", "tensor_constant_name": target = try reader.readString()
        default: try reader.skip()
        }
      }
      switch key {
      case "user_input": self = .user(argument)
      case "parameter": self = .parameter(name: name, weight: target)
      case "buffer": self = .buffer(name: name, weight: target)
      case "tensor_constant": self = .constant(name: name, weight: target)
      case "constant_input": self = .fixed(name: name)
      case "token": self = .token
      default: self = .other(key)
      }
    }
  }
}

extension OutputSpecification {
  init(_ reader: inout JSONReader) throws {
    self = .other("an output of no kind")
    try reader.readObject { reader, key in
      var (argument, target) = (Argument.none, "")
      var name = ""
      try reader.readObject { reader, member in
        switch member {
        case "arg" where key == "user_output": argument = try Argument(&reader)
        case "arg": try reader.readObject { if $1 == "name" { name = try $0.readString() } else { try $0.skip() } }
        case "buffer_name", "parameter_name", "user_input_name": target = try reader.readString()
        default: try reader.skip()
        }
      }
      switch key {
      case "user_output": self = .user(argument)
      case "buffer_mutation", "parameter_mutation": self = .bufferMutation(name: name, target: target)
      case "user_input_mutation": self = .inputMutation(name: name, target: target)
      case "token": self = .token
      default: self = .other(key)
      }
    }
  }
}
