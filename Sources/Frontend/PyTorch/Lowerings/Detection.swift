import IR

extension Lowering {
  /// What torchvision adds to ATen for the detection of objects.
  static let detection: [String: Lowering] = [
    "torchvision.nms.default": .one { call in
      let boxes = try call.unsqueeze(call.input(), [0])
      let scores = try call.unsqueeze(call.value("scores"), [0, 1])
      let threshold = try call.scalar(call.float("iou_threshold"), .float32)
      let kept = try call.op(.nonMaxSuppression, boxes, scores, call.builder.constant(Int.max), threshold)
      // Of each box that is kept: the batch, the class, and its place.
      return try call.selected(kept, 1, .known(2))
    },
    "torchvision.roi_align.default": .one { call in
      let regions = try call.value("rois")
      let images = try call.cast(call.selected(regions, 1, .known(0)), to: .int64)
      let (height, width) = (try call.int("pooled_height"), try call.int("pooled_width"))
      let isAligned = try call.bool("aligned")
      return try call.op(
        .roiAlign, call.input(), call.slice(regions, 1, from: 1), images,
        attributes: [
          "coordinate_transformation_mode": .string(isAligned ? "half_pixel" : "output_half_pixel"),
          "output_height": .int(Int64(height)), "output_width": .int(Int64(width)),
          "sampling_ratio": .int(Int64(max(try call.int("sampling_ratio"), 0))),
          "spatial_scale": .float(call.single("spatial_scale", 1)),
        ])
    },
    "torchvision.roi_pool.default": .values { call in
      let pooled = try call.op(
        .maxRoiPool, call.input(), call.value("rois"),
        attributes: [
          "pooled_shape": .ints([Int64(call.int("pooled_height")), Int64(call.int("pooled_width"))]),
          "spatial_scale": .float(call.single("spatial_scale", 1)),
        ])
      return [pooled, nil]
    },
    "torchvision.deform_conv2d.default": .one { call in
      let (input, weight) = (try call.input(), try call.value("weight"))
      let mask = try call.bool("use_mask", default: false) ? call.value("mask") : nil
      func pair(_ name: String) throws -> [Int64] { try ["h", "w"].map { Int64(try call.int("\(name)_\($0)")) } }
      let pads = try pair("pad")
      return try call.op(
        .deformConv, input, weight, call.value("offset"), call.optionalValue("bias"), mask,
        attributes: [
          "strides": .ints(pair("stride")), "pads": .ints(pads + pads), "dilations": .ints(pair("dilation")),
          "group": .int(Int64(call.int("groups"))), "offset_group": .int(Int64(call.int("offset_groups"))),
        ])
    },
  ]
}
