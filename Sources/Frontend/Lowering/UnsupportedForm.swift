/// Why an operation of a source has no lowering in the form that it has: noted with all others of the model
/// (`UnsupportedOperators`).
struct UnsupportedForm: Error {
  let reason: String
  /// What would help; `nil` where nothing is known to.
  let advice: String?

  init(_ reason: String, advice: String? = nil) {
    self.reason = reason
    self.advice = advice
  }
}
