import Glibc

extension Double {
  /// The nearest number of at most `digits` significant decimal digits.
  func rounded(toDigits digits: Int) -> Double? {
    var text = [CChar](repeating: 0, count: 40)
    let length = withVaList([Int32(digits - 1), self]) { vsnprintf(&text, text.count, "%.*e", $0) }
    guard length > 0, length < text.count else { return nil }
    return Double(String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}
