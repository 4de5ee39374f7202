extension OpCatalog {
  static let signalFamily: [OpDefinition] = [
    .blackmanWindow, .dft, .hammingWindow, .hannWindow, .imageDecoder, .melWeightMatrix, .stft,
  ]
}

extension OpDefinition {
  /// A Blackman window. ONNX BlackmanWindow-17.
  package static let blackmanWindow = windowFunction("BlackmanWindow", "A Blackman window.")

  /// The discrete Fourier transform along an axis; the last axis holds real and imaginary parts. ONNX DFT-20.
  package static let dft = OpDefinition(
    "DFT", versions: [17, 20], "The discrete Fourier transform along an axis; the last axis holds the complex parts.",
    operands: [.required("input", .float), .optional("dft_length", .indices), .optional("axis", .int64)],
    results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.int("inverse", default: 0), .int("onesided", default: 0)],
    infer: { $0.set(elementTypeOf: 0, try $0.transformShape()) })

  /// A Hamming window. ONNX HammingWindow-17.
  package static let hammingWindow = windowFunction("HammingWindow", "A Hamming window.")

  /// A Hann window. ONNX HannWindow-17.
  package static let hannWindow = windowFunction("HannWindow", "A Hann window.")

  /// The pixels of an encoded image, channels last. ONNX ImageDecoder-20.
  package static let imageDecoder = OpDefinition(
    "ImageDecoder", versions: [20], "The pixels of an encoded image, channels last.",
    operands: [.required("encoded_stream", ElementTypes(.uint8))], results: [.required("image", .uint8)],
    attributes: [.string("pixel_format", default: "RGB")],
    infer: { inference in
      let channels: Dimension =
        inference.operation.string("pixel_format").map { .known($0 == "Grayscale" ? 1 : 3) } ?? .unknown
      inference.set(.tensor(.uint8, [.unknown, .unknown, channels]))
    }, verify: oneOf("pixel_format", ["RGB", "BGR", "Grayscale"]))

  /// The matrix that sums a spectrum up by the mel scale. ONNX MelWeightMatrix-17.
  package static let melWeightMatrix = OpDefinition(
    "MelWeightMatrix", versions: [17], "The matrix that sums a spectrum up by the mel scale.",
    operands: [
      .required("num_mel_bins", .indices), .required("dft_length", sameElementTypeAs: "num_mel_bins"),
      .required("sample_rate", sameElementTypeAs: "num_mel_bins"), .required("lower_edge_hertz", .float),
      .required("upper_edge_hertz", sameElementTypeAs: "lower_edge_hertz"),
    ],
    results: [.required("output")], attributes: [.int("output_datatype", default: 1)],
    infer: { inference in
      guard let type = try inference.elementType(attribute: "output_datatype", .numeric) else { return }
      let bins = try inference.extent(1).map { $0.floorDivided(by: .known(2)) + .known(1) }
      inference.set(.tensor(type, [bins ?? .unknown, try inference.extent(0) ?? .unknown]))
    })

  /// The Fourier transforms of the frames of a signal. ONNX STFT-17.
  package static let stft = OpDefinition(
    "STFT", versions: [17], "The Fourier transforms of the frames of a signal.",
    operands: [
      .required("signal", .float), .required("frame_step", .indices), .optional("window", sameElementTypeAs: "signal"),
      .optional("frame_length", sameElementTypeAs: "frame_step"),
    ],
    results: [.required("output", sameElementTypeAs: "signal")], attributes: [.int("onesided", default: 1)],
    infer: { $0.set(elementTypeOf: 0, try $0.framesShape()) })

  private static func windowFunction(_ name: ByteString, _ summary: String) -> OpDefinition {
    OpDefinition(
      name, versions: [17], summary, operands: [.required("size", .indices)], results: [.required("output")],
      attributes: [.int("output_datatype", default: 1), .int("periodic", default: 1)],
      infer: { inference in
        guard let type = try inference.elementType(attribute: "output_datatype", .numeric) else { return }
        inference.set(.tensor(type, [try inference.extent(0) ?? .unknown]))
      })
  }
}

extension TypeInference {
  /// The one element of the operand `index`, which must be no negative number; `nil` where nothing is known.
  fileprivate func extent(_ index: Int) throws -> Dimension? {
    guard let extent = contents(index)?.first else { return nil }
    guard let value = extent.value, value < 0 else { return extent }
    throw ModelError(.invalidModel, "\(operation.definition.operands[index].name) is \(value), which is no extent")
  }

  fileprivate func transformShape() throws -> Shape? {
    guard var shape = shape(0) else { return nil }
    guard let parts = shape.last, parts.value ?? 2 == 2 || parts == .known(1) else {
      throw ModelError(.invalidModel, "the last axis of \(shape) does not hold one or two parts of a number")
    }
    guard operation.attributes["onesided"] == nil || operation.int("onesided") != nil else { return nil }
    let isOneSided = operation.flag("onesided")
    let isInverse = operation.flag("inverse")
    let isReal = isOneSided && isInverse
    shape[shape.count - 1] = .known(isReal ? 1 : 2)
    guard let written = operation.operand(2) == nil ? -2 : integers(2)?.first else {
      let keepsExtents = !isOneSided && operation.operand(1) == nil
      return keepsExtents ? shape : shape.dropLast().map { _ in .unknown } + shape.suffix(1)
    }
    let axis = try axis(written, rank: shape.count)
    guard axis < shape.count - 1 else { throw ModelError(.invalidModel, "axis \(axis) holds the parts of a number") }
    let given =
      operation.operand(1) == nil
      ? (isReal ? .known(2) * (shape[axis] - .known(1)) : shape[axis]) : try extent(1) ?? .unknown
    shape[axis] = isOneSided && !isInverse ? given.floorDivided(by: .known(2)) + .known(1) : given
    return shape
  }

  fileprivate func framesShape() throws -> Shape? {
    guard let signal = shape(0) else { return nil }
    guard signal.count == 3 else { throw ModelError(.invalidModel, "a signal of shape \(signal) is not of rank 3") }
    let step = try extent(1) ?? .unknown
    if step == .known(0) { throw ModelError(.invalidModel, "frame_step is 0") }
    let window = operation.operand(2) == nil ? nil : shape(2)?.first ?? .unknown
    let length = operation.operand(3) == nil ? window ?? signal[1] : try extent(3) ?? .unknown
    let frames = (signal[1] - length).floorDivided(by: step) + .known(1)
    let bins = operation.flag("onesided") ? length.floorDivided(by: .known(2)) + .known(1) : length
    return [signal[0], frames, bins, .known(2)]
  }
}
