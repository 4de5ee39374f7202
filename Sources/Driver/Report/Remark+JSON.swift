import Passes

extension Remark {
  /// The remark as one line of a `-remarks` file.
  var jsonLine: String {
    JSON.object([
      "kind": .string(kind.rawValue), "pass": .string(pass), "place": .optional(place), "message": .string(message),
    ]).text + "\n"
  }
}
