import IR

extension OutputFormat {
  /// What writes this format; `nil` for none.
  package var exporter: (any Exporter)? {
    switch self {
    case .onnx: ONNXExporter()
    case .mcb: BinaryExporter()
    case .mir: TextExporter()
    case .dot: DotExporter()
    case .none: nil
    }
  }
}
