import IR

/// Where a model is: in one file, or of Caffe in two, the layers in the one and the weights in the other.
package struct ModelPath: Hashable, Sendable {
  /// As the user gave it; it names the model in messages.
  package let path: String
  /// The file with the weights, where it is another.
  package let weights: String?

  package init(_ path: String, weights: String? = nil) {
    self.path = path
    self.weights = weights
  }

  /// The models that the words of a command line name. Of Caffe's files a text and a binary one that follow each other, in either
  /// order, are one model.
  package static func models(in words: [String]) -> [ModelPath] {
    guard words.count > 1 else { return words.map { ModelPath($0) } }
    let forms = words.map { ModelFile.form(of: $0) }
    var models: [ModelPath] = []
    var index = 0
    while index < words.count {
      let next = index + 1 < words.count ? forms[index + 1] : nil
      switch (forms[index], next) {
      case (.text?, .binary?):
        models.append(ModelPath(words[index], weights: words[index + 1]))
        index += 2
      case (.binary?, .text?):
        models.append(ModelPath(words[index + 1], weights: words[index]))
        index += 2
      default:
        models.append(ModelPath(words[index]))
        index += 1
      }
    }
    return models
  }
}
