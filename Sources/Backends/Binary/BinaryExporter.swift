import Formats
import IR

/// Writes modules as `.mcb`: everything that a module says, weights aligned so that they can be mapped, or compressed where
/// that makes them smaller. docs/mcb.md describes the file.
package struct BinaryExporter: Exporter {
  package init() {}

  package func write(
    _ module: Module, to destination: OutputDestination, options: ExportOptions, diagnostics: Diagnostics
  ) throws -> Int {
    if options.externalData != .asInSource {
      throw ModelError(.usage, file: destination.name, "has its weights inside always; drop -external-data")
    }
    let weights = try WeightIndex(module, threads: options.threads)
    let structure = try StructureEncoder.encode(module, weights)
    let section = WeightIndex.Plan(.zstd, try TensorLiteral(.uint8, [structure.count], bytes: structure))
    return try OutputFile.write(to: destination, synchronizes: options.synchronizesFiles) { file in
      var writer = SectionWriter(file, threads: options.threads)
      try writer.writeRaw(weights.plans.filter { $0.encoding == .raw })
      try writer.writeCompressed(weights.plans.filter { $0.encoding == .zstd }, kind: .weights)
      try writer.writeCompressed([section], kind: .structure)
      try writer.finish(
        SectionTable(vocabulary: module.vocabulary, sections: writer.sections, weights: weights.named))
      return writer.byteCount
    }
  }
}
