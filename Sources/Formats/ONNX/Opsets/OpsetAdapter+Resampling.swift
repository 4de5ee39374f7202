import IR

extension OpsetAdapter {
  static let resamplings: [OpsetAdapter] = [gridSample, resize, roiAlign]

  /// Modes had the names of their two-dimensional cases before version 20, and tensors four axes.
  private static let gridSample = OpsetAdapter(
    .gridSample, since: 20,
    raise: { editor, _ in
      switch editor.operation.attributes["mode"] {
      case .string("bilinear")?: editor.setAttribute("mode", to: .string("linear"))
      case .string("bicubic")?: editor.setAttribute("mode", to: .string("cubic"))
      case nil, .string("nearest")?: break
      default: return false
      }
      return true
    },
    lower: { editor, _ in
      if let rank = editor.operation.operand(0)?.tensorType?.rank, rank != 4 {
        throw editor.unsayable("an input of rank \(rank)", since: 20)
      }
      switch editor.operation.attributes["mode"] {
      case .string("linear")?: editor.setAttribute("mode", to: .string("bilinear"))
      case .string("cubic")?: editor.setAttribute("mode", to: .string("bicubic"))
      default: break
      }
    })

  /// Regions were not shifted by half a pixel before version 16.
  private static let roiAlign = OpsetAdapter(
    .roiAlign, since: 16, lowers: [.attribute("coordinate_transformation_mode")],
    raise: { editor, _ in
      guard editor.operation.attributes["coordinate_transformation_mode"] == nil else { return false }
      editor.setAttribute("coordinate_transformation_mode", to: .string("output_half_pixel"))
      return true
    },
    lower: { editor, _ in
      guard editor.operation.string("coordinate_transformation_mode") == "output_half_pixel" else {
        throw editor.unsayable("regions shifted by half a pixel", since: 16)
      }
      editor.setAttribute("coordinate_transformation_mode", to: nil)
    })

  /// Was Upsample before version 10, could not say coordinates and rounding before 11, and needed empty tensors for
  /// absent operands before 13.
  private static let resize = OpsetAdapter(
    .resize, formerNames: ["Upsample"], since: 13, formerAttributes: ["height_scale", "scales", "width_scale"],
    lowers: [
      .operand(1), .operand(2), .operand(3), .absentOperand(1), .absentOperand(2),
      .attribute("coordinate_transformation_mode"), .attribute("nearest_mode"),
    ],
    raise: { editor, form in
      if form.name == "Resize", form.version >= 11 {
        // Only versions 11 and 12 have this mode.
        return editor.operation.string("coordinate_transformation_mode") != "tf_half_pixel_for_nn"
      }
      return try raiseScaling(editor, form)
    },
    lower: { editor, form in
      if form.name == "Resize", form.version >= 11 { return try fillOperands(editor) }
      try lowerScaling(editor, form)
    })

  /// Raises a form that scales from the origin on, and takes the element before the position for the nearest where it
  /// enlarges.
  ///
  /// How Resize-10 rounds where it shrinks was never said: that stays legacy. Upsample does not shrink.
  private static func raiseScaling(_ editor: OpsetEditor, _ form: Form) throws -> Bool {
    let operation = editor.operation
    let written = operation.attributes["mode"] ?? .string("nearest")
    let isBilinear = written == .string("bilinear") && form == Form(name: "Upsample", version: 1)
    let mode = isBilinear ? .string("linear") : written
    guard mode == .string("nearest") || mode == .string("linear") else { return false }
    let attributes = operation.attributes
    switch (attributes["scales"], operation.operandCount) {
    case (nil, 1) where form == Form(name: "Upsample", version: 1):
      guard case .float(let height)? = attributes["height_scale"], case .float(let width)? = attributes["width_scale"],
        operation.operand(0)?.tensorType?.rank == 4
      else { return false }
      for name in ["height_scale", "width_scale"] as [ByteString] { editor.setAttribute(name, to: nil) }
      if isBilinear { editor.setAttribute("mode", to: mode) }
      try editor.setOperand(2, to: .float32([1, 1, height, width]))
    case (.floats(let scales)?, 1) where form == Form(name: "Upsample", version: 7):
      editor.setAttribute("scales", to: nil)
      try editor.setOperand(2, to: .float32(scales))
    case (nil, 2):
      let enlarges = form.name == "Upsample" || mode == .string("linear") || hasScalesFromOneOn(operation.operand(1))
      guard enlarges else { return false }
      editor.setOperands(to: [operation.operand(0), nil, operation.operand(1)])
    default: return false
    }
    editor.imply("coordinate_transformation_mode", .string("asymmetric"))
    if mode == .string("nearest") { editor.imply("nearest_mode", .string("floor")) }
    return true
  }

  private static func lowerScaling(_ editor: OpsetEditor, _ form: Form) throws {
    let operation = editor.operation
    guard let scales = operation.operand(2), !isEmpty(scales), operation.operand(3).map(isEmpty) ?? true else {
      throw editor.unsayable("a resize to given sizes", since: 11)
    }
    guard operation.string("coordinate_transformation_mode") == "asymmetric" else {
      throw editor.unsayable("coordinates other than asymmetric ones", since: 11)
    }
    let mode = operation.string("mode")
    guard mode == "linear" || mode == "nearest" && operation.string("nearest_mode") == "floor" else {
      throw editor.unsayable("the mode '\(mode?.text ?? "")' with such rounding", since: 11)
    }
    let wasImplied = editor.takeImplied("coordinate_transformation_mode")
    guard wasImplied || hasScalesFromOneOn(scales) || form.name == "Resize" && mode == "linear" else {
      throw editor.unsayable("a resize that may shrink", since: 11)
    }
    _ = editor.takeImplied("nearest_mode")
    editor.setAttribute("coordinate_transformation_mode", to: nil)
    editor.setAttribute("nearest_mode", to: nil)
    guard form == Form(name: "Upsample", version: 7) else {
      return editor.setOperands(to: [operation.operand(0), scales])
    }
    guard let factors = try editor.literal(2, since: 9).flatMap(SmallFloats.values) else {
      throw editor.unsayable("such scales", since: 9)
    }
    editor.setAttribute("scales", to: .floats(factors))
    editor.setOperands(to: [operation.operand(0)])
  }

  /// Puts empty tensors where versions 11 and 12 need an operand.
  private static func fillOperands(_ editor: OpsetEditor) throws {
    for index in 1...2 where editor.operation.operand(index) == nil { try editor.setOperand(index, to: .float32([])) }
  }

  private static func hasScalesFromOneOn(_ scales: Value?) -> Bool {
    guard let factors = scales?.literal.flatMap(SmallFloats.values), !factors.isEmpty else { return false }
    return factors.allSatisfy { $0 >= 1 }
  }

  private static func isEmpty(_ value: Value) -> Bool { value.literal?.elementCount == 0 }
}
