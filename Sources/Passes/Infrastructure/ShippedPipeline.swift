/// A pipeline that comes with mcc: a file of `pipelines/`, embedded. Its name is an element of pipelines like any pass.
package struct ShippedPipeline: Sendable {
  package let name: String
  /// The file, as it is in the repository.
  package let text: [UInt8]

  package init(_ name: String, _ text: [UInt8]) {
    self.name = name
    self.text = text
  }

  /// One line: what it is for. The comment that its file begins with.
  package var summary: String {
    let line = text.prefix { $0 != UInt8(ascii: "\n") }
    return String(decoding: line.drop { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: " ") }, as: UTF8.self)
  }

  /// Sorted by name. A test compares this list with the folder.
  package static let all = [
    ShippedPipeline("simplify", PackageResources.simplify_pipeline),
    ShippedPipeline("size", PackageResources.size_pipeline),
  ]
}
