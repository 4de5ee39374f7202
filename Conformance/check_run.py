"""`mcc run` computes what ONNX's own tests of operators expect, from their folders of test data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

from mcc import Mcc

# Random numbers; operators that are not of the default domain or ai.onnx.ml; pictures in other people's formats; a form of Scan that only
# the first version had.
LEFT_OUT = re.compile("bernoulli|training_dropout|adagrad|adam|momentum|flexattention|image_decoder|scan_sum|_expanded")
RTOL, ATOL = 1e-3, 2e-4
ATOL_BFLOAT16 = 1e-2


def message(value: object, kind: onnx.TypeProto, name: str) -> bytes:
    """A value as ONNX's test data has it."""
    if kind.HasField("sequence_type"):
        return numpy_helper.from_list(value, name).SerializeToString()
    if kind.HasField("optional_type"):
        return numpy_helper.from_optional(value, name).SerializeToString()
    if isinstance(value, onnx.TensorProto):
        return value.SerializeToString()
    return numpy_helper.from_array(np.asarray(value), name).SerializeToString()


def cases(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """The tests, each with its model and the folder of its first data set, written under `folder` for as long as it is judged."""
    seen = set()
    model, data = folder / "model.onnx", folder / "test_data_set_0"
    data.mkdir()
    for case in collect_testcases(None):
        if case.name in seen or case.model is None or LEFT_OUT.search(case.name):
            continue
        seen.add(case.name)
        for file in data.iterdir():
            file.unlink()
        onnx.save(case.model, model)
        graph = case.model.graph
        for kind, values, places in zip(("input", "output"), case.data_sets[0], (graph.input, graph.output), strict=True):
            for index, (value, place) in enumerate(zip(values, places, strict=False)):
                (data / f"{kind}_{index}.pb").write_bytes(message(value, place.type, place.name))
        yield case.name, model, data


def check_node_tests(mcc: Mcc, folder: Path) -> None:
    """Every operator, all kinds of values."""
    failures, count = [], 0
    for name, model, data in cases(folder):
        atol = ATOL_BFLOAT16 if "bf16" in name else ATOL
        result = mcc.run("run", model, "-i", data, f"-rtol={RTOL}", f"-atol={atol}")
        count += 1
        if result.returncode != 0:
            said = result.stderr.decode(errors="replace").replace("\n", " ")
            failures.append(f"{name}: exit code {result.returncode}: {said}")
    print(f"    {count - len(failures)} of {count} node tests compute what is expected", flush=True)
    assert not failures, "\n".join(failures)
    assert count >= 1000, f"only {count} tests were found"


def check_dimensions(mcc: Mcc, folder: Path) -> None:
    """Inputs that are made take the extent that -dim says of a symbol, which must be one."""
    model = folder / "model.onnx"
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", 3]) for name in "xy")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), model)
    result = mcc.run("run", model, "-dim", "batch=5", "-o", folder / "outputs")
    assert result.returncode == 0, result.stderr.decode()
    assert np.load(folder / "outputs" / "y.npy").shape == (5, 3)
    for wrong in "batch", "batch=-1", "batch=many":
        result = mcc.run("run", model, "-dim", wrong)
        assert result.returncode == 64 and b"as in -dim batch=1" in result.stderr, result.stderr.decode()
