import IR

extension OpsetAdapter {
  static let quantizations: [OpsetAdapter] = [.dequantizeLinear, .quantizeLinear].map { definition in
    OpsetAdapter(
      definition, since: 13,
      lower: { editor, _ in
        guard let count = editor.operation.operand(1)?.tensorType?.shape?.elementCount.value, count != 1 else { return }
        throw editor.unsayable("\(count) scales along an axis", since: 13)
      })
  }
}
