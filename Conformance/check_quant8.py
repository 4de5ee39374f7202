"""`quant8` writes int8 weights within its bounds, in no more bytes than they need, in models that run everywhere."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from int8_weights import Encoding, judge_encodings, operations
from mcc import Mcc
from runtime import AS_WRITTEN, BASIC, LEVELS, distance, outputs
from samples import Axes, Draft, Sample, each, node, normal, product, samples, weights

BYTES_PER_OPERATION = 200
BYTES_PER_SCALE = 4
ROUNDING = {np.dtype(np.float32): 1e-5, np.dtype(np.float16): 2e-3}  # of sums taken in another order
RUNTIME_ERROR = 0.02  # ONNX Runtime quantizes a MatMul's input on its own from level extended on


def compiled(mcc: Mcc, sample: Sample, folder: Path, *options: str) -> Path:
    """The sample as mcc compiles it with `options`."""
    path = source(sample, folder)
    return mcc.compile(path, path.with_suffix(".compiled.onnx"), *options)


def source(sample: Sample, folder: Path) -> Path:
    """The sample as a file."""
    path = folder / f"{sample.name}.onnx"
    onnx.save(sample.model, path)
    return path


def constants(model: ModelProto) -> Counter[tuple]:
    """The int8 constants by shape and content."""
    found = [values for values in weights(model).values() if values.dtype == np.int8]
    return Counter((values.shape, values.tobytes()) for values in found)


def decoded(sample: Sample, encodings: dict[str, Encoding]) -> ModelProto:
    """The sample with weights as they are decoded."""
    model = ModelProto()
    model.CopyFrom(sample.model)
    graphs = [model.graph, *(a.g for operation in operations(model.graph) for a in operation.attribute if a.HasField("g"))]
    tensors = [(tensor.name, tensor) for graph in graphs for tensor in graph.initializer]
    for operation in operations(model.graph):
        if operation.op_type == "Constant":
            tensors.append((operation.output[0], operation.attribute[0].t))
    for name, tensor in tensors:
        if name in encodings:
            weight = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(encodings[name].values.astype(weight.dtype), tensor.name))
    return model


def judge_size(before: Path, after: Path, source: ModelProto, model: ModelProto, axes: dict[str, Axes]) -> None:
    """Raises unless the file is as small as its int8 weights, their scales and the added operations allow."""
    floats = weights(source)
    counts = [sum(node.op_type != "Constant" for node in operations(each.graph)) for each in (source, model)]
    added = counts[1] - counts[0]
    allowed = before.stat().st_size + added * BYTES_PER_OPERATION
    for name, axes_of_weight in axes.items():
        channels = int(np.prod([floats[name].shape[axis] for axis in axes_of_weight]))
        allowed += floats[name].size - floats[name].nbytes + BYTES_PER_SCALE * channels
    size = after.stat().st_size
    assert size <= allowed, f"{size} bytes, {size - allowed} more than allowed with {added} operations added"
    assert size <= before.stat().st_size, f"{before.stat().st_size} bytes became {size}"


def judge_operations(source: ModelProto, model: ModelProto) -> None:
    """Raises unless operations were only added, or put in place of those that gather."""
    if source.opset_import[0].version != model.opset_import[0].version:
        return
    kept = iter([(node.op_type, node.name, list(node.output)) for node in operations(model.graph)])
    for operation in operations(source.graph):
        if operation.op_type not in ("Gather", "Constant"):
            same = operation.op_type, operation.name, list(operation.output)
            assert same in kept, f"{operation.name} is gone, or elsewhere"


def check_weights(mcc: Mcc, folder: Path) -> None:
    """Each weight is encoded once, within its bounds; all else stays as it is; the bytes are what that takes."""

    def judge(sample: Sample) -> None:
        after = compiled(mcc, sample, folder, "-passes=quant8")
        model = onnx.load(after)
        encodings = judge_encodings(sample.model, model, sample.axes)
        assert encodings.keys() == sample.axes.keys()
        already = sum(constants(sample.model).values())
        assert sum(constants(model).values()) == len(encodings) + already, "a weight was encoded twice"
        judge_size(folder / f"{sample.name}.onnx", after, sample.model, model, sample.axes)
        judge_operations(sample.model, model)
        onnx.checker.check_model(model, full_check=True)

    each(samples(), judge)


def check_runtime(mcc: Mcc, folder: Path) -> None:
    """ONNX Runtime computes with the encoded weights, at every optimization level, what it does with decoded ones."""

    def judge(sample: Sample) -> None:
        after = compiled(mcc, sample, folder, "-passes=quant8")
        expected = outputs(decoded(sample, judge_encodings(sample.model, onnx.load(after), sample.axes)), sample.feeds)
        rounding = ROUNDING.get(expected[0].dtype, ROUNDING[np.dtype(np.float32)])
        for level in LEVELS:
            error = distance(outputs(after, sample.feeds, level), expected)
            allowed = rounding if level in (AS_WRITTEN, BASIC) else max(RUNTIME_ERROR, rounding)
            assert error <= allowed, f"{level.name}: outputs off by {error:.2g}"

    each((sample for sample in samples() if sample.runs), judge)


def check_granularity(mcc: Mcc, folder: Path) -> None:
    """`granularity=tensor` gives one scale a weight."""

    def judge(sample: Sample) -> None:
        after = compiled(mcc, sample, folder, "-passes=quant8{granularity=tensor}")
        whole: dict[str, Axes] = {name: () for name in sample.axes}
        judge_encodings(sample.model, onnx.load(after), whole)
        onnx.checker.check_model(onnx.load(after), full_check=True)
        if sample.runs:
            outputs(after, sample.feeds)

    each((sample for sample in samples() if sample.name not in ("not_worth_it", "narrow_table")), judge)


def check_never_larger(mcc: Mcc, folder: Path) -> None:
    """However small weights are, a compiled model is no larger than its source."""

    def judge(sample: Sample) -> None:
        after = compiled(mcc, sample, folder, "-passes=quant8{min-elements=1}")
        before = (folder / f"{sample.name}.onnx").stat().st_size
        assert after.stat().st_size <= before, f"{before} bytes became {after.stat().st_size}"

    def table(rows: int) -> Sample:
        indices = np.array([rows - 1])
        nodes = [node("Gather", "table i")]
        return Draft(nodes, {"table": normal("table", rows, 4)}, {"i": indices}, {}).sample(f"table{rows}")

    def matrix(rows: int) -> Sample:
        return product("MatMul", (3, rows), (rows, 4), 1).sample(f"matrix{rows}")

    each([make(rows) for make in (table, matrix) for rows in range(8, 144, 8)], judge)


def check_survives(mcc: Mcc, folder: Path) -> None:
    """int8 constants that `prune,quant8` made are there after `fold` and `simplify`, and mean the same."""

    def judge(sample: Sample) -> None:
        quantized = onnx.load(compiled(mcc, sample, folder, "-passes=prune,quant8"))
        simplified = onnx.load(compiled(mcc, sample, folder, "-passes=prune,quant8,fold,simplify"))
        onnx.checker.check_model(simplified, full_check=True)
        assert constants(simplified) == constants(quantized), "int8 constants are gone, or changed"
        if sample.runs:
            expected = outputs(quantized, sample.feeds)
            error = distance(outputs(simplified, sample.feeds), expected)
            assert error <= ROUNDING.get(expected[0].dtype, 0), f"outputs moved by {error:.2g}"

    each(samples(), judge)


def check_again(mcc: Mcc, folder: Path) -> None:
    """A second run finds nothing left to do."""

    def judge(sample: Sample) -> None:
        for passes in ("quant8", "quant8{activations=dynamic}"):
            once = compiled(mcc, sample, folder, f"-passes={passes}")
            twice = mcc.compile(once, folder / "twice.onnx", f"-passes={passes}")
            assert once.read_bytes() == twice.read_bytes(), f"{passes} changed its own output"

    each(samples(), judge)


def check_filters(mcc: Mcc, folder: Path) -> None:
    """Globs choose by the names of weights and of operations; one that matches nothing is an error."""
    (sample,) = samples("network")
    path, output = source(sample, folder), folder / "output.onnx"
    features, hidden, head = "features.weight", "hidden.weight", "head.weight"
    expected = {
        "include=features.*": [features],
        "include=h*.weight": [hidden, head],
        "include=Gemm_of_y": [head],
        "exclude=features.weight": [hidden, head],
        "include=*.weight exclude=h?dden.weight": [features, head],
        "include=features.weight:include=head.weight": [features, head],
        "exclude=MatMul*:exclude=Conv_of_[ab]": [head],
    }
    for options, names in expected.items():
        mcc.compile(path, output, f"-passes=quant8{{{options}}}")
        found = judge_encodings(sample.model, onnx.load(output), {name: sample.axes[name] for name in names})
        assert sorted(found) == sorted(names), options
        output.unlink()
    for option in ("include", "exclude"):
        result = mcc.run(path, f"-passes=quant8{{{option}=nothing*}}", "-o", output)
        assert result.returncode in (64, 65), f"{option}=nothing*: exit code {result.returncode}"
        assert b"nothing*" in result.stderr, result.stderr
        assert not output.exists()


def check_min_elements(mcc: Mcc, folder: Path) -> None:
    """`min-elements` is the size of the smallest weight that is encoded."""
    (sample,) = samples("network")
    largest = max(weight.size for weight in weights(sample.model).values())
    for least, count in ((1, 3), (largest, 1), (largest + 1, 0)):
        after = compiled(mcc, sample, folder, f"-passes=quant8{{min-elements={least}}}")
        assert sum(constants(onnx.load(after)).values()) == count, f"min-elements={least}"


def check_refuses(mcc: Mcc, folder: Path) -> None:
    """A weight with a NaN or an infinity is refused by its name, whatever its type; `exclude` leaves it out."""

    def judge(sample: Sample) -> None:
        (name,) = sample.axes
        values = weights(sample.model)[name].copy()
        for special in (np.nan, -np.nan, np.inf, -np.inf):
            for place in (0, values.size // 2 + 1, values.size - 1):
                spoilt = values.copy()
                spoilt.reshape(-1)[place] = special
                sample.model.graph.initializer[0].CopyFrom(numpy_helper.from_array(spoilt, name))
                judge_refusal(sample, name, f"{special} at {place}")
        compiled(mcc, sample, folder, f"-passes=quant8{{exclude={name}}}")

    def judge_refusal(sample: Sample, name: str, what: str) -> None:
        output = folder / "refused.onnx"
        for passes in ("quant8", "quant8{activations=dynamic}", "quant8{granularity=tensor}"):
            result = mcc.run(source(sample, folder), f"-passes={passes}", "-o", output)
            assert result.returncode == 65, f"{passes}, {what}: exit code {result.returncode}"
            assert f"'{name}'".encode() in result.stderr, f"{passes}, {what}: {result.stderr.decode()}"
            assert not output.exists(), f"{passes}, {what}: an output was written"

    each(samples("matmul", "conv2d", "gather", "float16_matmul", "bfloat16_matmul"), judge)


def opset(path: Path) -> int:
    return next(entry.version for entry in onnx.load(path).opset_import if entry.domain in ("", "ai.onnx"))


def check_opset(mcc: Mcc, folder: Path) -> None:
    """The opset is raised to the least that can say the result, with a warning; one that was asked for stays."""
    network, gather = samples("network", "gather")
    expected = [
        (network.at(9), "quant8", 13),
        (network.at(11), "quant8", 13),
        (network.at(13), "quant8", 13),
        (network.at(21), "quant8", 21),
        (network.at(9), "quant8{granularity=tensor}", 10),
        (network.at(11), "quant8{granularity=tensor}", 11),
        (gather.at(9), "quant8", 9),
        (gather.at(11), "quant8", 11),
    ]
    failures = []
    for sample, passes, wanted in expected:
        path, output = source(sample, folder), folder / "output.onnx"
        result = mcc.run(path, f"-passes={passes}", "-o", output)
        if result.returncode != 0 or opset(output) != wanted:
            failures.append(f"{sample.name} {passes}: opset {opset(output) if output.exists() else result.stderr}")
        elif opset(path) != wanted and b"warning" not in result.stderr:
            failures.append(f"{sample.name} {passes}: raised without a warning")
    pinned = compiled(mcc, network.at(11), folder, "-opset=11", "-passes=quant8")
    if opset(pinned) != 11:
        failures.append(f"-opset=11 gave {opset(pinned)}")
    judge_encodings(network.model, onnx.load(pinned), {name: () for name in network.axes})
    outputs(pinned, network.feeds)
    assert not failures, "\n".join(failures)
