/// What `mcc -help` and a bare `mcc` say.
enum HelpScreen {
  static let usage = """
    usage: mcc [options] <input>... -o <output>
      mcc model.onnx                                    shows what is in a model
      mcc model.onnx -passes=prune,quant8 -o small.onnx makes it smaller
    mcc -help lists the options, mcc -print-passes what can be done to a model.

    """

  static let text = """
    mcc compiles machine-learning models: it reads one, runs passes on it, and writes it.

    usage: mcc [options] <input>... -o <output>
      mcc model.onnx                                     what is in the model
      mcc model.onnx -passes=simplify -o model.onnx      fewer operations, equal outputs
      mcc model.onnx -passes=prune,quant8 -o model.mcb   a quarter of the size
      mcc deploy.prototxt net.caffemodel -o net.onnx     Caffe's two files are one model

    what to run
      -passes=<pipeline>        passes in order, as in -passes=prune{sparsity=0.5},quant8
      -pipeline=<file>          the same from a file; both may be repeated
      -dim=<symbol>=<size>      fix or bound a symbol of shapes: batch=4, seq=1..512; may be repeated
      -inputs=<values>          cut out the part between these values, with -outputs=<values>
      -numerics=<class>         how far numbers may move: exact, rounding (the default) or fast
      -opset=<n>                write the model for this version of ONNX's operators
    what to read and write
      -o <file>                 the output; its suffix names the format; - is standard output
      -emit=<format>            the output's format: onnx, mcb, mir (text), dot (Graphviz) or none
      -x <format>               onnx, pytorch, tensorflow, caffe, mcb or mir, where detection is wrong
      -signature=<name>         which signature of a SavedModel to read; else serving_default
      -external-data[=<file>]   put weights into a file beside the model
    how to run
      -j <n>                    threads; the default is one a processor, and results never depend on it
      -fsync, -Werror           wait until the output is on the disk; fail on warnings
      -verify-each              verify the model after each pass
      -opt-bisect-limit=<n>     run the first n passes only, and say which
    what to tell
      -stats[=json]             what the passes did, and the model before and after
      -time-passes              how long everything took
      -remarks=<file>           every rewrite, and every near miss with its reason, as JSON lines
      -print-ir-before=<pass>   the model before a pass; -print-ir-after=<pass>, -print-ir-after-all,
                                -print-changed: after one, all, those that changed it
      -print-pipeline           the pipeline with all that it contains, and stop
      -print-passes, -print-ops what passes and operators there are
      -version, -help, mcc help <pass>
    to check results: mcc run <model>, mcc compare <model> <model>, mcc bisect <model>; -help of
                                each tells more

    Options take one dash or two. mcc --generate-completion-script bash (zsh, fish) is for shells.

    """

  /// What the verbs that run models say of their inputs.
  private static let inputs = """
      -i <name>=<file>          an input: .npy, .npz, or .pb as ONNX's tests have them; without a name, the only input's
      -i <folder>               test data of ONNX: input_0.pb ..., and the outputs that are expected
      -i <name>=random:<a>:<b>  random numbers in a range; without a name, for all inputs
      -seed <n>                 what random numbers begin with; the default is 0
      -dim <symbol>=<n>         an extent that the model leaves open; the default is 2
      -rtol <x>, -atol <x>      what results may differ by: 1e-4 of their value and 1e-5
      -x <format>               onnx, pytorch, tensorflow, caffe, mcb or mir, where detection is wrong
      -signature <name>         which function of a SavedModel to read; the default is serving_default
      -outputs <a,b>            what to compute; names the outputs of a frozen graph, too
    """

  static let run = """
    usage: mcc run <model> [options]
      mcc run model.onnx -i x=in.npy -o results          outputs become files of NumPy
      mcc run model.onnx -i test_data_set_0              fails unless outputs are as expected

    \(inputs)
      -o <folder>               where outputs go, as .npy; .pb for element types that NumPy has not
      -repeat <n>               run so often, and tell the shortest time, the median and the first

    Inputs that are not given are random. The exit code is 1 where outputs are not as expected.

    """

  static let compare = """
    usage: mcc compare <model> <reference> [options]
      mcc compare small.onnx model.onnx                  random inputs of several distributions
      mcc compare small.onnx model.onnx -i test_data_set_0

    \(inputs)
      -distribution <name>      what to draw: normal, negative, large, uniform; may be repeated

    For each output: the largest difference, absolute and relative, the signal-to-noise ratio and the cosine; then the
    first value at which the models part ways. The exit code is 1 where they differ by more than is allowed.

    """

  static let bisect = """
    usage: mcc bisect <model> -passes=<pipeline> [options]
      mcc bisect model.onnx -passes=simplify -o before.onnx

    Finds the first pass after which the model no longer computes what it did, as compare tells, then the first rewrite
    of that pass, and says how to see it again.

      -passes=<pipeline>        what to run, as in mcc; -pipeline=<file> and -numerics=<class> too
    \(inputs)
      -distribution <name>      what to draw: normal, negative, large, uniform; may be repeated
      -o <file>                 where the model before that pass goes; the format follows the suffix

    The exit code is 1 where there is such a pass.

    """
}
