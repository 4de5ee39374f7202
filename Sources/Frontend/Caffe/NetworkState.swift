import CModelProtos
import Formats
import IR

/// What decides which layers of a network there are: its state while it is tested. Caffe's NetState.
struct NetworkState {
  private let level: Int32
  private let stages: [ByteString]

  /// The level and stages that the network says; the phase is always that of testing.
  init(_ network: Caffe__NetParameter) {
    level = network.state?.pointee.level ?? 0
    stages = network.state.map { texts($0.pointee.stage, $0.pointee.n_stage) } ?? []
  }

  /// Whether the layer is there: no rule excludes it, and where there are rules that include it, one does.
  ///
  /// - Throws: `ModelError` where it has rules of both kinds.
  func includes(_ layer: Layer) throws -> Bool {
    let includes = messages(layer.message.include, layer.message.n_include)
    let excludes = messages(layer.message.exclude, layer.message.n_exclude)
    guard includes.isEmpty || excludes.isEmpty else {
      throw ModelError(
        .invalidModel, place: layer.place, "has rules to include and to exclude it; Caffe takes one kind")
    }
    if includes.isEmpty { return !excludes.contains { meets($0.pointee) } }
    return includes.contains { meets($0.pointee) }
  }

  private func meets(_ rule: Caffe__NetStateRule) -> Bool {
    if rule.has_phase != 0, rule.phase != CAFFE__PHASE__TEST { return false }
    if rule.has_min_level != 0, level < rule.min_level { return false }
    if rule.has_max_level != 0, level > rule.max_level { return false }
    return texts(rule.stage, rule.n_stage).allSatisfy(stages.contains)
      && !texts(rule.not_stage, rule.n_not_stage).contains(where: stages.contains)
  }
}
