import IR

extension Pipeline {
  /// What options of the command say of the model itself, as passes that come before all others: first the part that is
  /// cut out, then the dimensions.
  ///
  /// - Parameter dims: texts such as `batch=4` and `seq=1..512`.
  /// - Throws: a usage error that names the option.
  package init(dims: [String], inputs: [String], outputs: [String]) throws {
    var passes: [any Pass] = []
    do throws(OptionError) {
      if !inputs.isEmpty || !outputs.isEmpty {
        let extract = Extract(inputs: inputs, outputs: outputs)
        try extract.validate()
        passes.append(extract)
      }
    } catch {
      throw ModelError(.usage, "-inputs, -outputs: \(error.message)")
    }
    do throws(OptionError) {
      if !dims.isEmpty {
        var bindings: [DimBinding] = []
        for text in dims { bindings.append(try DimBinding(optionText: text)) }
        let bind = BindDims(dims: bindings)
        try bind.validate()
        passes.append(bind)
      }
    } catch {
      throw ModelError(.usage, "-dim: \(error.message)")
    }
    self.init(passes: passes)
  }
}
