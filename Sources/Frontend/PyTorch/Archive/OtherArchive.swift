import IR

/// What PyTorch also writes, and mcc does not read: files that hold a pickle, which is a program of its own that only
/// Python may run.
enum OtherArchive {
  /// The lines of Python that make an archive which mcc reads.
  private static func advice(loading: String) -> String {
    """
    ; a pickle is never executed. To make a .pt2 of it:
      model = \(loading).eval()
      torch.export.save(torch.export.export(model, (example_input,)), "model.pt2")
    """
  }

  /// Why an archive with these files is not read.
  static func refusal(of names: [String]) -> ModelError {
    func has(_ suffix: String) -> Bool { names.contains { $0 == suffix || $0.hasSuffix("/" + suffix) } }
    if names.contains(where: { $0.contains("/data/aotinductor/") }) {
      return ModelError(
        .invalidModel,
        "holds what AOTInductor compiled of a program, and not the program; save that by torch.export.save")
    }
    if has("constants.pkl") || names.contains(where: { $0.contains("/code/") }) {
      return ModelError(.invalidModel, "is a TorchScript archive" + advice(loading: "torch.jit.load(\"model.pt\")"))
    }
    if has("data.pkl") {
      return ModelError(
        .invalidModel,
        "is a pickled checkpoint" + advice(loading: "torch.load(\"model.pt\", weights_only=False)"))
    }
    return ModelError(.invalidModel, "is a zip archive without a program: it has no models/<name>.json")
  }

  /// Why a pickle without an archive around it is not read.
  static let pickle = ModelError(
    .invalidModel, "is a pickled checkpoint" + advice(loading: "torch.load(\"model.pt\", weights_only=False)"))

  /// Whether a file begins as pickles of protocol 2 and later do.
  static func isPickle(prefix: UnsafeRawBufferPointer) -> Bool {
    prefix.count >= 2 && prefix[0] == 0x80 && (2...5).contains(prefix[1])
  }
}
