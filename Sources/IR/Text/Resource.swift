/// What the text holds under a resource's name.
enum Resource {
  case literal(TensorLiteral)
  /// Left out when the text was printed.
  case elided(TensorType)
}
