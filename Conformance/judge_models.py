"""Judges what mcc makes of whole models, large ones too: slow, and so no part of `make test`.

    python Conformance/judge_models.py <mcc> [--folder FOLDER] [--only WORD] model.onnx ...

For each model: an equal model comes back through .onnx, .mcb and .mir; `quant8` and `prune{sparsity=0.5}` keep their
bounds in each weight; ONNX Runtime runs what comes out. Benchmarks/models.py and export_real_models.py make models.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, ModelProto

import roundtrip
from check_prune import judge_cut
from check_quant8 import constants, judge_size
from int8_weights import Tracer, attribute, judge_encodings, operations, uses
from mcc import Mcc
from runtime import AS_WRITTEN, LEVELS, assert_same_bits, distance, outputs, session
from samples import Axes, weights

LEAST_ELEMENTS = 1024
FLOATS = ("float32", "float16", "bfloat16")
RUNTIME_ERROR = {False: 0.1, True: 0.25}  # of random networks: with decoded weights, and with ONNX Runtime's int8 inputs
TOKENS, SEQUENCE = 100, 16


def axes_of_use(user: onnx.NodeProto, index: int, rank: int) -> Axes | None:
    """The axes of a weight's channels where an operation uses it as operand `index`; None where it is no weight."""
    match user.op_type, index:
        case "Conv", 1:
            return (0,)
        case "ConvTranspose", 1:
            return (1,)
        case "Gemm", 0:
            return (1,) if attribute(user, "transA", 0) else (0,)
        case "Gemm", 1:
            return (0,) if attribute(user, "transB", 0) else (1,)
        case "MatMul", 0:
            return (rank - 2,)
        case "MatMul", 1:
            return (rank - 1,)
        case "Gather", 0:
            return (0,) if attribute(user, "axis", 0) == 0 else ()
        case ("LSTM" | "GRU" | "RNN"), (1 | 2):
            return (0, 1)
    return None


def weight_axes(model: ModelProto) -> dict[str, Axes]:
    """The weights that `quant8` must encode, each with the axes of its channels."""
    kept = {value.name for graph in graphs(model.graph) for value in graph.output}
    if model.ir_version >= 4:
        kept |= {value.name for value in model.graph.input}
    found: dict[str, Axes] = {}
    for name, values in weights(model).items():
        if name in kept or values.dtype.name not in FLOATS or values.size < LEAST_ELEMENTS:
            continue
        roles = [axes_of_use(user, index, values.ndim) for user, index in uses(model, name)]
        axes = next((axes for axes in roles if axes is not None), None)
        if axes is None:
            continue
        channels = int(np.prod([values.shape[axis] for axis in axes]))
        if values.size + 4 * channels + 200 < values.nbytes:
            found[name] = axes
    return found


def graphs(graph: GraphProto) -> list[GraphProto]:
    inner = [a.g for node in operations(graph) for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
    return [graph, *inner]


def random_feeds(path: Path, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs for a model: images, or tokens with masks of ones."""
    random, feeds = np.random.default_rng(seed), {}
    for value in session(path).get_inputs():
        shape = [size if isinstance(size, int) else SEQUENCE if "seq" in str(size) else 1 for size in value.shape]
        if value.type == "tensor(float)":
            feeds[value.name] = random.standard_normal(shape, dtype=np.float32)
        elif "mask" in value.name:
            feeds[value.name] = np.ones(shape, np.int64)
        else:
            feeds[value.name] = random.integers(0, 2 if "type" in value.name else TOKENS, shape)
    return feeds


def round_trips(mcc: Mcc, path: Path, folder: Path) -> str:
    """Without passes, through each format, the model is equal and computes the same bits."""
    feeds = random_feeds(path)
    expected = outputs(path, feeds)
    for way in ((), ("mcb",), ("mir",)):
        back = roundtrip.check(mcc, path, folder, *way)
        onnx.checker.check_model(str(back))
        assert_same_bits(outputs(back, feeds), expected)
        for file in (folder / "out").glob("*"):
            file.unlink()
    return "equal by way of onnx, mcb and mir"


def quantizes(mcc: Mcc, path: Path, folder: Path) -> str:
    """`quant8` keeps its bounds; ONNX Runtime runs the model at every level."""
    source = onnx.load(path)
    axes = weight_axes(source)
    after = mcc.compile(path, folder / "quantized.onnx", "-passes=quant8")
    model = onnx.load(after)
    judge_encodings(source, model, axes)
    if not (data := after.with_suffix(".onnx.data")).exists():
        judge_size(path, after, source, model, axes)
    size = after.stat().st_size + (data.stat().st_size if data.exists() else 0)
    onnx.checker.check_model(str(after), full_check=True)
    survivors = onnx.load(mcc.compile(path, folder / "survivors.onnx", "-passes=prune,quant8,fold,simplify"))
    pruned = onnx.load(mcc.compile(path, folder / "pruned.onnx", "-passes=prune,quant8"))
    assert constants(survivors) == constants(pruned), "int8 constants are gone after fold,simplify"
    del source, model, survivors, pruned
    feeds = random_feeds(path)
    expected = outputs(path, feeds)
    errors = {level: distance(outputs(after, feeds, level), expected) for level in LEVELS}
    for level, error in errors.items():
        assert error <= RUNTIME_ERROR[level != AS_WRITTEN], f"{level.name}: outputs off by {error:.2g}"
    told = " ".join(f"{error:.4f}" for error in errors.values())
    return f"{len(axes)} weights, {size:,} bytes, outputs off by {told} at the levels"


def quantizes_dynamically(mcc: Mcc, path: Path, folder: Path) -> str:
    """`activations=dynamic` encodes the same weights, and ONNX Runtime runs the model."""
    source = onnx.load(path)
    axes = weight_axes(source)
    after = mcc.compile(path, folder / "dynamic.onnx", "-passes=quant8{activations=dynamic}")
    model = onnx.load(after)
    judge_encodings(source, model, axes)
    onnx.checker.check_model(str(after), full_check=True)
    producers = Tracer(model).producers
    integer = sum(operation.op_type in ("MatMulInteger", "ConvInteger") for operation in producers.values())
    del source, model
    feeds = random_feeds(path)
    expected = outputs(path, feeds)
    told = " ".join(f"{distance(outputs(after, feeds, level), expected):.4f}" for level in LEVELS)
    return f"{integer} integer products, outputs off by {told} at the levels"


def prunes(mcc: Mcc, path: Path, folder: Path) -> str:
    """`prune{sparsity=0.5}` zeroes half of each weight and changes nothing else."""
    source = onnx.load(path)
    before, required = weights(source), weight_axes(source).keys()
    pruned = mcc.compile(path, folder / "pruned.onnx", "-passes=prune{sparsity=0.5}")
    onnx.checker.check_model(str(pruned))
    after = weights(onnx.load(pruned))
    assert before.keys() == after.keys()
    others = []
    for name, values in before.items():
        same = after[name].dtype == values.dtype and after[name].tobytes() == values.tobytes()
        if name in required or not same:
            judge_cut(values, after[name], values.size // 2)
        if name not in required and not same:
            others.append(name)
    return f"{len(required)} weights" + (f", and {', '.join(others)}" if others else "")


JUDGES: tuple[Callable[[Mcc, Path, Path], str], ...] = (round_trips, quantizes, quantizes_dynamically, prunes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mcc", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, help="where outputs are written, and removed")
    parser.add_argument("--only", default="", metavar="WORD", help="only judges whose names contain it")
    arguments = parser.parse_args()
    mcc = Mcc(arguments.mcc)
    for path in arguments.models:
        for judge in JUDGES:
            if arguments.only not in judge.__name__:
                continue
            start = time.monotonic()
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                try:
                    said = f"ok   {path.name} {judge.__name__}: {judge(mcc, path, Path(folder))}"
                except Exception as failure:  # noqa: BLE001 - the other models are to be judged, too
                    said = f"FAIL {path.name} {judge.__name__}: {type(failure).__name__}: {failure}"
            print(f"{said} ({time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
