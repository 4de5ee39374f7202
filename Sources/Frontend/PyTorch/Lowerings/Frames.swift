import IR

extension Lowering {
  /// Windows and frames of signals; what gives complex numbers is among the spectra.
  static let frames: [String: Lowering] = [
    "aten.stft": .one { try $0.transformedFrames() },
    "aten.hann_window": .one { try $0.window([0.5, -0.5]) },
    "aten.hamming_window": .one { call in
      try call.window([call.float("alpha", default: 0.54), -call.float("beta", default: 0.46)])
    },
    "aten.blackman_window": .one { try $0.window([0.42, -0.5, 0.08]) },
    "aten.fft_fftshift": .one { call in try call.shifted { $0 / 2 } },
    "aten.fft_ifftshift": .one { call in try call.shifted { ($0 + 1) / 2 } },
    "aten.fft_fftfreq": .one { call in
      let count = try call.length("n")
      return try call.frequencies(Array(0..<(count + 1) / 2) + Array(-(count / 2)..<0), count)
    },
    "aten.fft_rfftfreq": .one { call in
      let count = try call.length("n")
      return try call.frequencies(Array(0...count / 2), count)
    },
  ]
}

extension Call {
  fileprivate func length(_ name: String) throws -> Int {
    let count = try int(name)
    guard (1...1 << 20).contains(count) else { throw UnsupportedForm("has \(count) elements") }
    return count
  }

  /// A sum of cosines of multiples of a turn's parts.
  fileprivate func window(_ factors: [Double]) throws -> Value {
    let count = try length("window_length")
    let type = try optionalElementType("dtype") ?? .float32
    if count == 1 { return try vector(filled: 1, 1, type) }
    let turn = try 2 * Double.pi / Double(bool("periodic", default: true) ? count : count - 1)
    let positions = try cast(range(to: .known(count)), to: .float64)
    let terms = try factors.enumerated().dropFirst().map { multiple, factor in
      let angle = try op(.mul, positions, scalar(turn * Double(multiple), .float64))
      return try op(.mul, op(.cos, angle), scalar(factor, .float64))
    }
    let sum = try terms.reduce(scalar(factors[0], .float64)) { try op(.add, $0, $1) }
    return try cast(sum, to: type)
  }

  /// What is at the front in the middle, or back.
  fileprivate func shifted(_ distance: (Int) -> Int) throws -> Value {
    let input = try input()
    let axes = try axes("dim", rank: rank(input)) ?? Array(0..<rank(input))
    return try axes.reduce(input) { try rolled($0, $1, distance(knownExtent($0, $1))) }
  }

  fileprivate func frequencies(_ positions: [Int], _ count: Int) throws -> Value {
    let type = try optionalElementType("dtype") ?? .float32
    let divisor = try Double(count) * float("d", default: 1)
    let numbers = try cast(builder.constant(TensorLiteral(int64s: positions)), to: .float64)
    return try cast(op(.div, numbers, scalar(divisor, .float64)), to: type)
  }

  /// How frames lie in a signal.
  private struct FrameLayout {
    let length: Int
    let step: Int
    /// As long as a frame.
    let window: Value
  }

  private func frameLayout(_ type: ElementType) throws -> FrameLayout {
    let length = try length("n_fft")
    let step = try int("hop_length", default: length / 4)
    let width = try int("win_length", default: length)
    guard step > 0, (1...length).contains(width) else {
      throw ModelError(.invalidModel, "has windows of \(width) in frames of \(length), each \(step) on")
    }
    let given = try optionalValue("window") ?? vector(filled: 1, width, type)
    let before = (length - width) / 2
    let pads = try constant([before, length - width - before])
    return FrameLayout(length: length, step: step, window: try op(.pad, cast(given, to: type), pads))
  }

  /// The spectrum of each frame of a signal.
  func transformedFrames() throws -> Value {
    guard try !isComplex(firstName), try !bool("align_to_window", default: false) else {
      throw UnsupportedForm("takes complex signals, or aligns frames to windows")
    }
    var signal = try input()
    let (type, hasBatch) = (try elementType(signal), try rank(signal) == 2)
    if !hasBatch { signal = try unsqueeze(signal, [0]) }
    let layout = try frameLayout(type)
    if node.target.hasSuffix("center"), try bool("center", default: true) {
      let modes: [String: ByteString] = ["constant": "constant", "reflect": "reflect", "replicate": "edge"]
      guard let mode = try modes[optionalString("pad_mode") ?? "reflect"] else {
        throw UnsupportedForm("pads in another mode")
      }
      let half = layout.length / 2
      signal = try op(.pad, signal, constant([0, half, 0, half]), attributes: ["mode": .string(mode)])
    }
    let spectra = try op(
      .stft, unsqueeze(signal, [2]), builder.constant(layout.step), layout.window, builder.constant(layout.length),
      attributes: ["onesided": .int(bool("onesided", default: true) ? 1 : 0)])
    var result = try transpose(spectra, [0, 2, 1, 3])
    if try bool("normalized", default: false) {
      result = try op(.div, result, scalar(Double(layout.length).squareRoot(), type))
    }
    return hasBatch ? result : try squeeze(result, [0])
  }

  /// The signal whose frames have the spectra: frames added up where they overlap, and divided by what windows add up
  /// to.
  func joinedFrames() throws -> Value {
    guard try !bool("return_complex", default: false) else { throw UnsupportedForm("gives a complex signal") }
    var spectra = try pairs(firstName)
    let (type, hasBatch) = (try elementType(spectra), try rank(spectra) == 4)
    if !hasBatch { spectra = try unsqueeze(spectra, [0]) }
    let layout = try frameLayout(type)
    let scaling: Scaling = try bool("normalized", default: false) ? .root : .count
    let frames: Value
    if try bool("onesided", default: true) {
      frames = try realTransform(spectra, [1], scaling, constant([layout.length]))
    } else {
      frames = try part(0, of: transform(spectra, [1], scaling, isInverse: true))
    }
    let window = try unsqueeze(layout.window, [1])
    let square = try op(.expand, op(.mul, window, window), op(.shape, slice(frames, 0, from: 0, to: 1)))
    let sum = try overlapped(op(.mul, frames, window), layout)
    let half = try bool("center", default: true) ? layout.length / 2 : 0
    let end = try optionalInt("length").map { half + $0 } ?? (half == 0 ? .max : -half)
    let signal = try op(
      .div, slice(sum, 2, from: half, to: end), slice(overlapped(square, layout), 2, from: half, to: end))
    return try squeeze(signal, hasBatch ? [1] : [0, 1])
  }

  /// Frames, their elements along the second axis, each added to the signal at its place.
  private func overlapped(_ frames: Value, _ layout: FrameLayout) throws -> Value {
    let zeros = try op(
      .constantOfShape, constant([layout.length, layout.length]),
      attributes: ["value": .tensor(TensorLiteral.filled(0, elementType(frames), [1]))])
    let places = try unsqueeze(op(.eyeLike, zeros), [1])
    return try op(.convTranspose, frames, places, attributes: ["strides": .ints([Int64(layout.step)])])
  }
}
