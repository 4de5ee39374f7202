import IR

extension Lowering {
  /// What training minimizes, which exports of whole training steps and of metrics leave.
  static let losses: [String: Lowering] = [
    "aten.mse_loss": .one { call in
      let distance = try call.distance("self", "target")
      return try call.averaged(call.op(.mul, distance, distance))
    },
    "aten.l1_loss": .one { try $0.averaged($0.op(.abs, $0.distance("self", "target"))) },
    "aten.smooth_l1_loss": .one { try $0.nearlySquare(bend: $0.float("beta", default: 1), isScaled: false) },
    "aten.huber_loss": .one { try $0.nearlySquare(bend: $0.float("delta", default: 1), isScaled: true) },
    "aten.binary_cross_entropy": .one { call in
      let (input, target) = (try call.input(), try call.value("target"))
      let type = try call.elementType(input)
      let (one, limit) = (try call.scalar(1, type), try call.scalar(-100, type))
      let yes = try call.op(.max, call.op(.log, input), limit)
      let no = try call.op(.max, call.op(.log, call.op(.sub, one, input)), limit)
      let sum = try call.op(
        .add, call.op(.mul, target, yes), call.op(.mul, call.op(.sub, one, target), no))
      return try call.averaged(call.weighted(call.op(.neg, sum)))
    },
    "aten.binary_cross_entropy_with_logits": .one { try $0.logisticLoss() },
    "aten.soft_margin_loss": .one { call in
      try call.averaged(call.op(.softplus, call.op(.neg, call.op(.mul, call.input(), call.value("target")))))
    },
    "aten.kl_div": .one { call in
      let values = try call.inCommonType([call.input(), call.value("target")])
      let (input, target) = (values[0], values[1])
      if try call.bool("log_target", default: false) {
        return try call.averaged(call.op(.mul, call.op(.exp, target), call.op(.sub, target, input)))
      }
      let zero = try call.scalar(0, call.elementType(target))
      let own = try call.op(.where, call.op(.equal, target, zero), zero, call.op(.mul, target, call.op(.log, target)))
      return try call.averaged(call.op(.sub, own, call.op(.mul, target, input)))
    },
    "aten.poisson_nll_loss": .one { try $0.poissonLoss() },
    "aten.hinge_embedding_loss": .one { call in
      let (input, target) = (try call.input(), try call.value("target"))
      let type = try call.elementType(input)
      let (zero, one) = (try call.scalar(0, type), try call.scalar(1, type))
      let rest = try call.op(.relu, call.op(.sub, call.scalar(call.float("margin", default: 1), type), input))
      let sign = try call.cast(target, to: type)
      let apart = try call.op(.where, call.op(.equal, sign, one), zero, rest)
      let alike = try call.op(.where, call.op(.equal, sign, call.scalar(-1, type)), zero, input)
      return try call.averaged(call.op(.add, apart, alike))
    },
    "aten.margin_ranking_loss": .one { call in
      let distance = try call.distance("input1", "input2")
      let type = try call.elementType(distance)
      let product = try call.op(.neg, call.op(.mul, call.cast(call.value("target"), to: type), distance))
      let margin = try call.scalar(call.float("margin", default: 0), type)
      return try call.averaged(call.op(.relu, call.op(.add, product, margin)))
    },
    "aten.triplet_margin_loss": .one { try $0.tripletLoss() },
    "aten.cosine_embedding_loss": .one { try $0.cosineLoss() },
    "aten.cross_entropy_loss": .one { try $0.crossEntropy() },
    "aten.nll_loss": .one { try $0.likelihoodLoss($0.input()).loss },
    "aten.nll_loss_nd": .one { try $0.likelihoodLoss($0.input()).loss },
    "aten.nll_loss2d": .one { try $0.likelihoodLoss($0.input()).loss },
    "aten.nll_loss_forward": .values { try $0.likelihoodLossAndWeight() },
    "aten.nll_loss2d_forward": .values { try $0.likelihoodLossAndWeight() },
  ]
}

extension Call {
  /// The mean, the sum or the elements, as the operand `reduction` says.
  func averaged(_ value: Value) throws -> Value {
    let axes = Array(0..<(try rank(value)))
    switch try int("reduction", default: 1) {
    case 0: return value
    case 1: return try reduceAll(.reduceMean, value, axes, keepsAxes: false)
    default: return try reduceAll(.reduceSum, value, axes, keepsAxes: false)
    }
  }

  fileprivate func distance(_ a: String, _ b: String) throws -> Value {
    let (a, b) = (try value(a), try value(b))
    let type = try promoted([.tensor(a), .tensor(b)])
    return try op(.sub, cast(a, to: type), cast(b, to: type))
  }

  fileprivate func weighted(_ value: Value) throws -> Value {
    guard let weight = try optionalValue("weight") else { return value }
    return try op(.mul, value, weight)
  }

  /// Half the square of a distance below `bend`, a line above.
  fileprivate func nearlySquare(bend: Double, isScaled: Bool) throws -> Value {
    let distance = try op(.abs, self.distance("self", "target"))
    if bend == 0 { return try averaged(distance) }
    let type = try elementType(distance)
    let limit = try scalar(bend, type)
    let square = try op(.mul, op(.mul, distance, distance), scalar(isScaled ? 0.5 : 0.5 / bend, type))
    var line = try op(.sub, distance, scalar(0.5 * bend, type))
    if isScaled { line = try op(.mul, line, limit) }
    return try averaged(op(.where, op(.less, distance, limit), square, line))
  }

  /// (1 - target) * input + (1 + (positive weight - 1) * target) * log(1 + e^-input).
  fileprivate func logisticLoss() throws -> Value {
    let (input, target) = (try input(), try value("target"))
    let type = try elementType(input)
    let one = try scalar(1, type)
    var logarithm = try op(.softplus, op(.neg, input))
    if let weight = try optionalValue("pos_weight") {
      let factor = try op(.add, op(.mul, op(.sub, weight, one), target), one)
      logarithm = try op(.mul, factor, logarithm)
    }
    return try averaged(weighted(op(.add, op(.mul, op(.sub, one, target), input), logarithm)))
  }

  fileprivate func poissonLoss() throws -> Value {
    let (input, target) = (try input(), try value("target"))
    let type = try elementType(input)
    let epsilon = try scalar(float("eps", default: 1e-8), type)
    var loss =
      try bool("log_input", default: true)
      ? op(.sub, op(.exp, input), op(.mul, target, input))
      : op(.sub, input, op(.mul, target, op(.log, op(.add, input, epsilon))))
    if try bool("full", default: false) {
      // Stirling's formula.
      let one = try scalar(1, type)
      let logarithm = try op(.log, target)
      let circle = try op(.mul, op(.log, op(.mul, target, scalar(2 * Double.pi, type))), scalar(0.5, type))
      let term = try op(.add, op(.sub, op(.mul, target, logarithm), target), circle)
      loss = try op(.add, loss, op(.where, op(.greater, target, one), term, scalar(0, type)))
    }
    return try averaged(loss)
  }

  fileprivate func tripletLoss() throws -> Value {
    let (anchor, positive, negative) = (try value("anchor"), try value("positive"), try value("negative"))
    let order = try float("p", default: 2)
    let type = try elementType(anchor)
    let epsilon = try scalar(float("eps", default: 1e-6), type)
    func length(_ a: Value, _ b: Value) throws -> Value {
      let sum = try op(.add, op(.sub, a, b), epsilon)
      return try norm(sum, order, [rank(sum) - 1], keepsAxes: false)
    }
    let near = try length(anchor, positive)
    var far = try length(anchor, negative)
    if try bool("swap", default: false) { far = try op(.min, far, length(positive, negative)) }
    let margin = try scalar(float("margin", default: 1), type)
    return try averaged(op(.relu, op(.add, op(.sub, near, far), margin)))
  }

  fileprivate func cosineLoss() throws -> Value {
    let (a, b) = (try value("input1"), try value("input2"))
    let type = try elementType(a)
    let axis = try rank(a) - 1
    // PyTorch adds this to the squares.
    let epsilon = try scalar(1e-8, type)
    func square(_ x: Value, _ y: Value) throws -> Value {
      try reduce(.reduceSum, op(.mul, x, y), [axis], keepsAxes: false)
    }
    let lengths = try op(.mul, op(.add, square(a, a), epsilon), op(.add, square(b, b), epsilon))
    let cosine = try op(.div, square(a, b), op(.sqrt, lengths))
    let (zero, one) = (try scalar(0, type), try scalar(1, type))
    let target = try cast(value("target"), to: type)
    let margin = try scalar(float("margin", default: 0), type)
    let alike = try op(.where, op(.equal, target, one), op(.sub, one, cosine), zero)
    let apart = try op(.where, op(.equal, target, scalar(-1, type)), op(.relu, op(.sub, cosine, margin)), zero)
    return try averaged(op(.add, alike, apart))
  }
}

/// Likelihoods of classes, which lie on the second axis, or the only one.
extension Call {
  /// The logarithm of each target's likelihood, negated and weighted, and the weights.
  private func likelihoods(_ logarithms: Value) throws -> (losses: Value, weights: Value, isIgnored: Value) {
    let axis = try rank(logarithms) == 1 ? 0 : 1
    let type = try elementType(logarithms)
    let target = try cast(value("target"), to: .int64)
    let isIgnored = try op(.equal, target, builder.constant(int("ignore_index", default: -100)))
    let place = try op(.where, isIgnored, builder.constant(0), target)
    let found = try op(
      .gatherElements, logarithms, unsqueeze(place, [axis]), attributes: ["axis": .int(Int64(axis))])
    var weights = try op(.where, isIgnored, scalar(0, type), scalar(1, type))
    if let given = try optionalValue("weight") {
      weights = try op(.where, isIgnored, scalar(0, type), op(.gather, given, place))
    }
    return (try op(.mul, op(.neg, squeeze(found, [axis])), weights), weights, isIgnored)
  }

  /// The losses as `reduction` says: the mean is one by weights.
  private func averaged(_ losses: Value, _ weights: Value) throws -> Value {
    guard try int("reduction", default: 1) == 1 else { return try averaged(losses) }
    let axes = Array(0..<(try rank(losses)))
    return try op(
      .div, reduceAll(.reduceSum, losses, axes, keepsAxes: false),
      reduceAll(.reduceSum, weights, axes, keepsAxes: false))
  }

  fileprivate func likelihoodLoss(_ logarithms: Value) throws -> (loss: Value, weight: Value) {
    let (losses, weights, _) = try likelihoods(logarithms)
    let total = try reduceAll(.reduceSum, weights, Array(0..<rank(weights)), keepsAxes: false)
    return (try averaged(losses, weights), total)
  }

  fileprivate func likelihoodLossAndWeight() throws -> [Value?] {
    let result = try likelihoodLoss(input())
    return [result.loss, try int("reduction", default: 1) == 0 ? nil : result.weight]
  }

  fileprivate func crossEntropy() throws -> Value {
    let input = try input()
    let rank = try rank(input)
    let axis = rank == 1 ? 0 : 1
    let type = try elementType(input)
    let logarithms = try op(.logSoftmax, input, attributes: ["axis": .int(Int64(axis))])
    let smoothing = try float("label_smoothing", default: 0)
    let target = try value("target")
    let classes = try op(.cast, element(vector(extent(of: input, axis))), attributes: ["to": .elementType(type)])
    let share = try op(.div, scalar(smoothing, type), classes)
    /// The weight of each class, as it broadcasts to the input.
    func perClass() throws -> Value? {
      try optionalValue("weight").map { rank > 2 ? try unsqueeze($0, Array(1..<rank - 1)) : $0 }
    }
    if try elementType(target).isFloat {
      let smooth =
        try smoothing == 0
        ? target : op(.add, op(.mul, target, scalar(1 - smoothing, type)), share)
      var terms = try op(.neg, op(.mul, logarithms, smooth))
      if let weight = try perClass() { terms = try op(.mul, terms, weight) }
      let losses = try reduce(.reduceSum, terms, [axis], keepsAxes: false)
      // The mean is one over the batch, whatever the classes weigh.
      return try averaged(losses)
    }
    let (losses, weights, isIgnored) = try likelihoods(logarithms)
    if smoothing == 0 { return try averaged(losses, weights) }
    let terms = try perClass().map { try op(.mul, logarithms, $0) } ?? logarithms
    let sums = try op(.neg, reduce(.reduceSum, terms, [axis], keepsAxes: false))
    let spread = try op(.mul, op(.where, isIgnored, scalar(0, type), sums), share)
    return try averaged(op(.add, op(.mul, losses, scalar(1 - smoothing, type)), spread), weights)
  }
}
