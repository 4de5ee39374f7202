import IR

/// Operators of strings.
enum Text {
  static let kernels: [Kernel] = [
    Kernel(.stringConcat, concatenate),
    Kernel(.stringSplit, split),
    Kernel(.stringNormalizer, normalize),
    Kernel(.tfIdfVectorizer, vectorize),
  ]

  private static func concatenate(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (a, b) = (try invocation.operand(0), try invocation.operand(1))
    guard let first = try invocation.strings(0), let second = try invocation.strings(1),
      let dimensions = Shapes.broadcast(a.dimensions, b.dimensions)
    else { throw Refusal(.undefined, "the operands do not broadcast") }
    try invocation.admit(dimensions)
    var joined: [ByteString] = []
    var bytes = 0
    let traversal = Traversal([a, b].map { Layout($0.dimensions).broadcast(to: dimensions) })
    try traversal.forEachRow { offsets in
      for step in 0..<traversal.rowLength {
        let left = first[offsets[0] + step * traversal.rowSteps[0]]
        let right = second[offsets[1] + step * traversal.rowSteps[1]]
        bytes += left.bytes.count + right.bytes.count
        guard bytes <= invocation.budget.resultBytes else { throw Refusal(.overBudget, "the strings are too long") }
        joined.append(ByteString(left.bytes + right.bytes))
      }
    }
    return [try invocation.make(strings: joined, dimensions)]
  }

  private static func split(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    guard let strings = try invocation.strings(0) else { throw Refusal(.unsupported, "there are no strings") }
    let delimiter = invocation.operation.string("delimiter")?.bytes ?? []
    let most = invocation.operation.int("maxsplit").map { $0 < 0 ? Int.max : $0 } ?? .max
    let parts = strings.map { delimiter.isEmpty ? words($0.bytes, most) : pieces($0.bytes, delimiter, most) }
    let width = parts.map(\.count).max() ?? 0
    let dimensions = x.dimensions + [width]
    try invocation.admit(dimensions)
    let padded = parts.flatMap { $0.map { ByteString($0) } + Array(repeating: "", count: width - $0.count) }
    return [try invocation.make(strings: padded, dimensions), try invocation.make(parts.map(\.count), x.dimensions)]
  }

  /// What lies between runs of white space; the rest after `most` of them as it is.
  private static func words(_ bytes: [UInt8], _ most: Int) -> [[UInt8]] {
    func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    var (words, rest) = ([[UInt8]](), bytes[...].drop(while: isSpace))
    while !rest.isEmpty {
      guard words.count < most else {
        while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
        return words + [Array(rest)]
      }
      let word = rest.prefix { !isSpace($0) }
      words.append(Array(word))
      rest = rest[word.endIndex...].drop(while: isSpace)
    }
    return words
  }

  private static func pieces(_ bytes: [UInt8], _ delimiter: [UInt8], _ most: Int) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var (start, at) = (0, 0)
    while at + delimiter.count <= bytes.count, pieces.count < most {
      if bytes[at..<at + delimiter.count].elementsEqual(delimiter) {
        pieces.append(Array(bytes[start..<at]))
        at += delimiter.count
        start = at
      } else {
        at += 1
      }
    }
    return pieces + [Array(bytes[start...])]
  }

  private static func normalize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    guard let strings = try invocation.strings(0),
      x.dimensions.count == 1 || (x.dimensions.count == 2 && x.dimensions[0] == 1)
    else { throw Refusal(.undefined, "the strings are no row") }
    var stopWords: [ByteString] = []
    if case .strings(let words)? = invocation.operation.attributes["stopwords"] { stopWords = words }
    let action = invocation.operation.string("case_change_action") ?? "NONE"
    func changed(_ string: ByteString) -> ByteString {
      switch action {
      case "LOWER": ByteString(string.text.lowercased())
      case "UPPER": ByteString(string.text.uppercased())
      default: string
      }
    }
    let isCaseSensitive = invocation.operation.flag("is_case_sensitive")
    let stops = Set(isCaseSensitive ? stopWords : stopWords.map { ByteString($0.text.lowercased()) })
    let kept = strings.filter { !stops.contains(isCaseSensitive ? $0 : ByteString($0.text.lowercased())) }
    let result = kept.isEmpty ? [""] : kept.map(changed)
    return [try invocation.make(strings: result, x.dimensions.dropLast() + [result.count])]
  }

  // MARK: N-grams

  private static func vectorize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let operation = invocation.operation
    guard let shortest = operation.int("min_gram_length"), let longest = operation.int("max_gram_length"),
      let skips = operation.int("max_skip_count"), let starts = operation.ints("ngram_counts"),
      let places = operation.ints("ngram_indexes"), shortest >= 1, longest >= shortest, longest <= 64, skips >= 0,
      places.allSatisfy({ $0 >= 0 && $0 < 1 << 24 }), x.dimensions.count <= 2
    else { throw Refusal(.undefined, "the n-grams do not fit") }
    let items = try tokens(invocation)
    let pool = try poolTokens(operation)
    var grams: [[ByteString]: Int] = [:]
    var count = 0
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count else { throw Refusal(.undefined, "ngram_counts does not fit") }
      for first in stride(from: start, through: end - index - 1, by: index + 1) {
        if index + 1 >= shortest, index + 1 <= longest { grams[Array(pool[first...first + index])] = count }
        count += 1
      }
    }
    let width = (places.max() ?? -1) + 1
    let rows = x.dimensions.count == 2 ? x.dimensions[0] : 1
    let length = x.dimensions.last ?? 1
    try invocation.admit([rows, length, longest], steps: skips < 1 << 20 ? skips + 1 : .max)
    let weights = operation.floats("weights")
    var counts = [Double](repeating: 0, count: try invocation.admit(.float32, [rows, width]))
    for row in 0..<rows {
      let line = items[row * length..<(row + 1) * length]
      for skip in 1...skips + 1 {
        for first in line.indices {
          for size in shortest...longest where size > 1 || skip == 1 {
            let last = first + (size - 1) * skip
            guard last < line.endIndex, let gram = grams[stride(from: first, through: last, by: skip).map { line[$0] }],
              gram < places.count
            else { continue }
            counts[row * width + places[gram]] += 1
          }
        }
      }
      for (gram, place) in places.enumerated() {
        let weight = Double(weights.flatMap { gram < $0.count ? $0[gram] : nil } ?? 1)
        let at = row * width + place
        switch operation.string("mode") ?? "TF" {
        case "IDF": if counts[at] > 0 { counts[at] = weight }
        case "TFIDF": counts[at] *= weight
        default: break
        }
      }
    }
    return [try invocation.make(.float32, RealTensor(x.dimensions.dropLast() + [width], counts))]
  }

  /// Integers and strings alike as strings.
  private static func tokens(_ invocation: Invocation) throws -> [ByteString] {
    if try invocation.operand(0).elementType == .string { return try invocation.strings(0) ?? [] }
    return try invocation.wholeNumbers(0).elements.map { ByteString("\($0)") }
  }

  private static func poolTokens(_ operation: Operation) throws -> [ByteString] {
    if case .strings(let strings)? = operation.attributes["pool_strings"], !strings.isEmpty { return strings }
    return (operation.ints("pool_int64s") ?? []).map { ByteString("\($0)") }
  }
}
