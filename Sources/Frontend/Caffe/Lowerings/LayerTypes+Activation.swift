import CModelProtos
import Glibc
import IR

extension LayerTypes {
  static let activation: [ByteString: LayerLowering] = [
    "AbsVal": .unary { try $0.builder(.abs, $1) },
    "BNLL": .unary { try $0.builder(.softplus, $1) },
    "Clip": .unary { layer, x in
      let parameters = layer.layer.parameters(\.clip_param, caffe__clip_parameter__init)
      guard parameters.has_min != 0, parameters.has_max != 0 else { throw layer.error("needs min and max") }
      return try layer.builder(.clip, x, layer.builder.constant(parameters.min), layer.builder.constant(parameters.max))
    },
    "ELU": .unary { layer, x in
      let parameters = layer.layer.parameters(\.elu_param, caffe__eluparameter__init)
      return try layer.builder(.elu, x, attributes: ["alpha": .float(parameters.alpha)])
    },
    "Exp": .unary(exponential),
    "Log": .unary(logarithm),
    "Power": .unary(power),
    "PReLU": .unary { layer, x in
      let parameters = layer.layer.parameters(\.prelu_param, caffe__pre_luparameter__init)
      let shape = try layer.shape(x)
      // One slope for all channels, or one for each: the last axes are as the channels' are not.
      guard parameters.channel_shared == 0, shape.count > 1 else {
        return try layer.builder(.prelu, x, layer.weight(0, "slope", [1]))
      }
      guard let channels = shape[1].value else {
        throw layer.error("needs to know its channels, but has shape \(shape)")
      }
      let slopes = try layer.weight(0, "slope", [channels] + Array(repeating: 1, count: shape.count - 2))
      return try layer.builder(.prelu, x, slopes)
    },
    "ReLU": .unary { layer, x in
      let slope = layer.layer.parameters(\.relu_param, caffe__re_luparameter__init).negative_slope
      if slope == 0 { return try layer.builder(.relu, x) }
      return try layer.builder(.leakyRelu, x, attributes: ["alpha": .float(slope)])
    },
    "ReLU6": .unary { layer, x in
      let limit = layer.layer.parameters(\.relu6_param, caffe__re_lu6_parameter__init).threshold
      return try layer.builder(.clip, x, layer.builder.constant(Float(0)), layer.builder.constant(limit))
    },
    "Sigmoid": .unary { try $0.builder(.sigmoid, $1) },
    "Softmax": .unary(softmax),
    "Swish": .unary { layer, x in
      let beta = layer.layer.parameters(\.swish_param, caffe__swish_parameter__init).beta
      let gate = try layer.builder(.sigmoid, layer.scaled(x, by: beta))
      return try layer.builder(.mul, x, gate)
    },
    "TanH": .unary { try $0.builder(.tanh, $1) },
    "Threshold": .unary { layer, x in
      let limit = layer.layer.parameters(\.threshold_param, caffe__threshold_parameter__init).threshold
      let isAbove = try layer.builder(.greater, x, layer.builder.constant(limit))
      return try layer.builder(.cast, isAbove, attributes: ["to": .elementType(.float32)])
    },
  ]

  static func softmax(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.softmax_param, caffe__softmax_parameter__init)
    let axis = try layer.axis(parameters.axis, of: layer.shape(x))
    return try layer.builder(.softmax, x, attributes: ["axis": .int(Int64(axis))])
  }

  /// (shift + scale * x) ^ power. Caffe's PowerLayer.
  private static func power(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.power_param, caffe__power_parameter__init)
    if parameters.power * parameters.scale == 0 {
      // Whatever x is, and were it infinite.
      let value = parameters.power == 0 ? 1 : pow(parameters.shift, parameters.power)
      let bytes = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      let literal = try TensorLiteral(.float32, layer.extents(x), .splat(bytes))
      return try layer.builder(.identity, layer.constant(literal, "value"))
    }
    let inner = try layer.shifted(layer.scaled(x, by: parameters.scale), by: parameters.shift)
    if parameters.power == 1 { return inner === x ? try layer.builder(.identity, x) : inner }
    return try layer.builder(.pow, inner, layer.builder.constant(parameters.power))
  }

  /// base ^ (shift + scale * x); e where the base is -1. Caffe's ExpLayer.
  private static func exponential(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.exp_param, caffe__exp_parameter__init)
    let base = try parameters.base_ == -1 ? 1 : layer.logarithm(ofBase: parameters.base_)
    let result = try layer.builder(.exp, layer.scaled(x, by: base * parameters.scale))
    return try layer.scaled(result, by: exp(base * parameters.shift))
  }

  /// The logarithm of shift + scale * x; the natural one where the base is -1. Caffe's LogLayer.
  private static func logarithm(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.log_param, caffe__log_parameter__init)
    let inner = try layer.shifted(layer.scaled(x, by: parameters.scale), by: parameters.shift)
    let result = try layer.builder(.log, inner)
    return parameters.base_ == -1
      ? result : try layer.scaled(result, by: 1 / layer.logarithm(ofBase: parameters.base_))
  }
}

extension LayerContext {
  /// Each element times `factor`; the value itself where that is 1.
  func scaled(_ x: Value, by factor: Float) throws -> Value {
    factor == 1 ? x : try builder(.mul, x, builder.constant(factor))
  }

  /// Each element plus `addend`; the value itself where that is 0.
  func shifted(_ x: Value, by addend: Float) throws -> Value {
    addend == 0 ? x : try builder(.add, x, builder.constant(addend))
  }

  fileprivate func logarithm(ofBase base: Float) throws -> Float {
    guard base > 0, base != 1, base.isFinite else { throw error("base \(base) is none of a logarithm") }
    return log(base)
  }
}
