extension OperatorExpansion {
  static let windows: [OperatorExpansion] = [
    .init(.blackmanWindow, window(0.42, 0.5, 0.08), prepare: takingPeriod),
    .init(.hammingWindow, window(25.0 / 46, 21.0 / 46, 0), prepare: takingPeriod),
    .init(.hannWindow, window(0.5, 0.5, 0), prepare: takingPeriod),
  ]

  /// `a0 - a1 cos(angle) + a2 cos(2 angle)`.
  private static func window(_ a0: Double, _ a1: Double, _ a2: Double) -> String {
    """
    %a0 = constant [\(a0)] : f32[]
    %a1 = constant [\(a1)] : f32[]
    %a2 = constant [\(a2)] : f32[]
    %zero = constant [0.0] : f32[]
    %one = constant [1.0] : f32[]
    %turn = constant [6.283185307179586] : f32[]
    %count = Cast(%size) {to = 1}
    [periodic] %period = Identity(%count)
    [!periodic] %period = Sub(%count, %one)
    %step = Div(%turn, %period)
    %positions = Range(%zero, %count, %one)
    %angles = Mul(%positions, %step)
    %wave = Cos(%angles)
    %first = Mul(%a1, %wave)
    %twice = Add(%angles, %angles)
    %ripple = Cos(%twice)
    %second = Mul(%a2, %ripple)
    %lowered = Sub(%a0, %first)
    %sum = Add(%lowered, %second)
    %output = Cast(%sum) {to = $output_datatype}
    """
  }

  private static let takingPeriod: Preparation = { operation, bindings in
    if operation.flag("periodic") { bindings.flags.insert("periodic") }
  }
}
