extension OperatorExpansion {
  /// The positions of all elements, each with a 1 after it, times the matrix of each sample.
  static let affineGrid = OperatorExpansion(
    .affineGrid,
    """
    %origin = constant [0] : i64[]
    %one = constant [1] : i64[]
    %unit = constant [1.0] : T[]
    %two = constant [2.0] : T[]
    %begin = constant [0] : i64[1]
    %second = constant [1] : i64[1]
    %third = constant [2] : i64[1]
    %last = constant [-1] : i64[1]
    %end = constant [5] : i64[1]
    %samples = Slice(%size, %begin, %second)
    %extents = Slice(%size, %third, %end)
    \(positions("x", axis: "$x"))
    \(positions("y", axis: "$y"))
    [volume] \(positions("z", axis: "$z").replacing("\n", with: "\n[volume] "))
    %rows = Unsqueeze(%y_positions, %second)
    [volume] %behind = constant [1, 2] : i64[2]
    [volume] %planes = Unsqueeze(%z_positions, %behind)
    %x_grid = Expand(%x_positions, %extents)
    %y_grid = Expand(%rows, %extents)
    [volume] %z_grid = Expand(%planes, %extents)
    %ones = Expand(%unit, %extents)
    %x_column = Unsqueeze(%x_grid, %last)
    %y_column = Unsqueeze(%y_grid, %last)
    [volume] %z_column = Unsqueeze(%z_grid, %last)
    %one_column = Unsqueeze(%ones, %last)
    [volume] %columns = Concat(%x_column, %y_column, %z_column, %one_column) {axis = -1}
    [!volume] %columns = Concat(%x_column, %y_column, %one_column) {axis = -1}
    %list = constant $list
    %points = Reshape(%columns, %list)
    %turned = Transpose(%points) {perm = [1, 0]}
    %product = MatMul(%theta, %turned)
    %moved = Transpose(%product) {perm = [0, 2, 1]}
    %width = constant $width
    %shape = Concat(%samples, %extents, %width) {axis = 0}
    %grid = Reshape(%moved, %shape)
    """,
    prepare: { operation, bindings in
      guard let count = operation.operand(1)?.tensorType?.shape?.first?.value, count == 4 || count == 5 else {
        throw ModelError(.invalidModel, "the rank of its grid is not known")
      }
      if count == 5 { bindings.flags.insert("volume") }
      if operation.flag("align_corners") { bindings.flags.insert("corners") }
      for (name, distance) in [("x", 1), ("y", 2), ("z", 3)] { bindings.set(name, count - distance) }
      bindings.set("list", vector: [-1, count - 1])
      bindings.set("width", vector: [count - 2])
    })

  /// The positions along one axis, from -1 to 1: of the corners, or of the middles.
  private static func positions(_ name: String, axis: String) -> String {
    """
    %\(name)_axis = constant [\(axis)] : i64[]
    %\(name)_count = Gather(%size, %\(name)_axis)
    %\(name)_range = Range(%origin, %\(name)_count, %one)
    %\(name)_steps = Cast(%\(name)_range) {to = $T}
    %\(name)_length = Cast(%\(name)_count) {to = $T}
    %\(name)_doubled = Mul(%\(name)_steps, %two)
    [corners] %\(name)_gaps = Sub(%\(name)_length, %unit)
    [corners] %\(name)_divisor = Max(%\(name)_gaps, %unit)
    [corners] %\(name)_scaled = Div(%\(name)_doubled, %\(name)_divisor)
    [!corners] %\(name)_middles = Add(%\(name)_doubled, %unit)
    [!corners] %\(name)_scaled = Div(%\(name)_middles, %\(name)_length)
    %\(name)_positions = Sub(%\(name)_scaled, %unit)
    """
  }
}
