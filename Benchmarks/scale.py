"""Shows that time grows as the number of operations does.

    python Benchmarks/scale.py .build/release/mcc [operations ...]

makes models of 5,000 and 50,000 operations (unless others are named), and prints how long each phase took on each,
and what an operation of the larger took against one of the smaller: 1 is linear.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIZES = (5_000, 50_000)
ROW = re.compile(r"^ *([0-9.]+) +[0-9.]+ % +(?:[0-9]+ +)?(\S.*)$", re.MULTILINE)


def blocks(count: int) -> tuple[list[NodeProto], list[TensorProto], str]:
    """A chain as exporters write it: a product, a shift, a computed shape, a reshape and a residual; weights shared."""
    nodes, previous = [], "x"
    for index in range(count // 8):
        name = f"b{index}"
        nodes += [
            helper.make_node("MatMul", [previous, "w"], [f"{name}_product"]),
            helper.make_node("Add", [f"{name}_product", "b"], [f"{name}_shifted"]),
            helper.make_node("Identity", [f"{name}_shifted"], [f"{name}_same"]),
            helper.make_node("Shape", [f"{name}_same"], [f"{name}_shape"]),
            helper.make_node("Gather", [f"{name}_shape", "first"], [f"{name}_batch"]),
            helper.make_node("Concat", [f"{name}_batch", "rest"], [f"{name}_target"], axis=0),
            helper.make_node("Reshape", [f"{name}_same", f"{name}_target"], [f"{name}_reshaped"]),
            helper.make_node("Add", [f"{name}_reshaped", previous], [f"{name}_out"]),
        ]
        previous = f"{name}_out"
    weights = {"w": np.ones((8, 8), np.float32), "b": np.ones(8, np.float32), "first": np.array([0]), "rest": np.array([-1])}
    return nodes, [numpy_helper.from_array(weight, name) for name, weight in weights.items()], previous


def layers(count: int) -> tuple[list[NodeProto], list[TensorProto], str]:
    """A chain of products and activations, a weight of its own for each product."""
    nodes, weights, previous = [], [], "x"
    for index in range(count // 2):
        weights.append(numpy_helper.from_array(np.full((8, 8), index, np.float32), f"w{index}"))
        nodes.append(helper.make_node("MatMul", [previous, f"w{index}"], [f"p{index}"]))
        nodes.append(helper.make_node("Relu", [f"p{index}"], [f"y{index}"]))
        previous = f"y{index}"
    return nodes, weights, previous


def fan(count: int) -> tuple[list[NodeProto], list[TensorProto], str]:
    """Many users of one value, and one user of many values."""
    nodes = []
    for index in range(count // 2):
        nodes.append(helper.make_node("Identity", ["x"], [f"same{index}"]))
        nodes.append(helper.make_node("Sigmoid", [f"same{index}"], [f"y{index}"]))
    nodes.append(helper.make_node("Sum", [f"y{index}" for index in range(count // 2)], ["sum"]))
    return nodes, [], "sum"


def scalars(count: int) -> tuple[list[NodeProto], list[TensorProto], str]:
    """A chain in which each operation has its own copy of the same number."""
    nodes, weights, previous = [], [], "x"
    for index in range(count):
        weights.append(numpy_helper.from_array(np.array([1.5], np.float32), f"c{index}"))
        nodes.append(helper.make_node("Mul" if index % 2 else "Sub", [previous, f"c{index}"], [f"y{index}"]))
        previous = f"y{index}"
    return nodes, weights, previous


SHAPES: tuple[Callable[[int], tuple[list[NodeProto], list[TensorProto], str]], ...] = (blocks, layers, fan, scalars)


def model(nodes: list[NodeProto], weights: list[TensorProto], output: str) -> ModelProto:
    inputs, outputs = ([helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 8])] for name in ("x", output))
    graph = helper.make_graph(nodes, "scale", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def phases(mcc: Path, source: Path, output: Path) -> dict[str, float]:
    """The seconds of each phase."""
    command = [mcc, source, "-passes=infer-shapes,simplify", "-time-passes", "-o", output]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    onnx.checker.check_model(onnx.load(output))
    return {name: float(seconds) for seconds, name in ROW.findall(said.stdout + said.stderr)}


def main(arguments: list[str]) -> None:
    mcc, sizes = Path(arguments[0]).resolve(), [int(size) for size in arguments[1:]] or SIZES
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "source.onnx"), Path(folder, "output.onnx")
        for shape in SHAPES:
            print(f"\n{shape.__doc__}\n{'':<20}" + "".join(f"{size:>10,}" for size in sizes) + f"{'growth':>10}")
            columns = []
            for size in sizes:
                source.write_bytes(model(*shape(size)).SerializeToString())
                columns.append(phases(mcc, source, output))
            for phase in columns[0]:
                row = [column.get(phase, 0.0) for column in columns]
                growth = row[-1] / max(row[0], 1e-3) / (sizes[-1] / sizes[0])
                print(f"{phase:<20}" + "".join(f"{seconds:>10.3f}" for seconds in row) + f"{growth:>10.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
