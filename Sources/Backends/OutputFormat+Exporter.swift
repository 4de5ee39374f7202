import IR

extension OutputFormat {
  /// What writes this format; `nil` for none.
  package var exporter: (any Exporter)? {
    get throws {
      switch self {
      case .onnx: ONNXExporter()
      case .mcb: throw ModelError(.usage, "this build cannot write .mcb yet")
      case .mir: TextExporter()
      case .dot: DotExporter()
      case .none: nil
      }
    }
  }
}
