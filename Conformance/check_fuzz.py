"""Damage in any byte: mcc refuses, or writes a model that is no worse than what it read."""

from __future__ import annotations

import os
import random
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hostile_models import value
from mcc import Mcc
from measured import run

RUNS = 1_000
"""For each of the two models."""
FRONTEND_RUNS = int(os.environ.get("MCC_FUZZ_RUNS", "25"))
"""For each kind of file of another framework's model: a few on each change, thousands by hand."""
SECONDS = 30
SEED = 20_260_101


def convolutional() -> onnx.ModelProto:
    """A classifier in small: what `simplify`, `prune` and `quant8` have most to do with."""
    generate = np.random.default_rng(1)
    shapes = {"w1": (4, 1, 3, 3), "b1": (4,), "s": (4,), "o": (4,), "m": (4,), "v": (4,), "w2": (64, 16), "b2": (16,), "w3": (16, 10)}
    tensors = [numpy_helper.from_array(np.abs(generate.standard_normal(shape, dtype=np.float32)), name) for name, shape in shapes.items()]
    tensors.append(numpy_helper.from_array(np.array([0, -1], dtype=np.int64), "shape"))
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c"], "conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "s", "o", "m", "v"], ["n"], "norm"),
        helper.make_node("Relu", ["n"], ["r"], "relu"),
        helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["p", "shape"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["g"], "gemm"),
        helper.make_node("Identity", ["g"], ["i"], "nothing"),
        helper.make_node("MatMul", ["i", "w3"], ["y"], "matmul"),
    ]
    graph = helper.make_graph(nodes, "classifier", [value("x", ["batch", 1, 8, 8])], [value("y", ["batch", 10])], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def structured() -> onnx.ModelProto:
    """Graphs inside graphs, a function, constants of several kinds, annotations."""
    branch = [
        helper.make_graph([helper.make_node(kind, ["x"], [f"{kind}_out"])], kind, [], [value(f"{kind}_out", [2, 3])])
        for kind in ("Relu", "Neg")
    ]
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Add", ["state", "k"], ["next"])], "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), value("state", [2, 3])],
        [value("goes", [], TensorProto.BOOL), value("next", [2, 3])],
        [numpy_helper.from_array(np.ones((2, 3), dtype=np.float32), "k")])
    function = helper.make_function(
        "local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)])
    nodes = [
        helper.make_node("If", ["flag"], ["branched"], "if", then_branch=branch[0], else_branch=branch[1]),
        helper.make_node("Constant", [], ["three"], value=helper.make_tensor("three", TensorProto.INT64, [], [3])),
        helper.make_node("Constant", [], ["true"], value=helper.make_tensor("true", TensorProto.BOOL, [], [True])),
        helper.make_node("Loop", ["three", "true", "branched"], ["looped"], "loop", body=body),
        helper.make_node("Twice", ["looped"], ["doubled"], "call", domain="local"),
        helper.make_node("Shape", ["doubled"], ["shape"]),
        helper.make_node("Reshape", ["doubled", "shape"], ["same"]),
        helper.make_node("Gather", ["table", "index"], ["rows"], "embedding"),
        helper.make_node("MatMul", ["same", "rows"], ["product"]),
        helper.make_node("Clip", ["product", "", "limit"], ["y"], "clip"),
    ]
    tensors = [
        helper.make_tensor("table", TensorProto.FLOAT, [8, 4], np.linspace(-1, 1, 32).tolist()),
        helper.make_tensor("index", TensorProto.INT64, [3], [1, 5, 7]),
        numpy_helper.from_array(np.float32(6), "limit"),
    ]
    graph = helper.make_graph(
        nodes, "structured", [value("x", [2, 3]), value("flag", [], TensorProto.BOOL)], [value("y", [2, 4])], tensors,
        value_info=[value("branched", [2, 3])], doc_string="of everything a little")
    graph.quantization_annotation.add(tensor_name="rows").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="limit")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=8)


def damaged(content: bytes, generate: random.Random) -> bytes:
    """The content with some bytes flipped, or cut off."""
    if generate.random() < 0.2:
        return content[: generate.randrange(len(content))]
    result = bytearray(content)
    for _ in range(generate.choice([1, 1, 1, 2, 4])):
        result[generate.randrange(len(result))] ^= generate.choice([1 << generate.randrange(8), generate.randrange(1, 256)])
    return bytes(result)


def is_accepted(model: Path) -> bool:
    """Whether onnx.checker accepts the model."""
    try:
        onnx.checker.check_model(str(model))
    except Exception:  # noqa: BLE001 - it raises whatever its parts do
        return False
    return True


def judge(mcc: Mcc, content: bytes, path: Path) -> str | None:
    """What is wrong with what mcc does with the content."""
    path.write_bytes(content)
    output = path.with_suffix(".out.onnx")
    result = run([str(mcc.program), str(path), "-passes=simplify,prune,quant8", "-o", str(output)], SECONDS)
    wrong = None
    if result.code == 0:
        if not is_accepted(output) and is_accepted(path):
            wrong = "the checker accepts what was read, and not what was written"
    elif result.code not in (65, 66) or "error:" not in result.errors:
        wrong = f"exit code {result.code} after {result.seconds:.1f} s: {result.errors[:300]}"
    elif output.exists():
        wrong = "refused, but there is an output"
    output.unlink(missing_ok=True)
    if wrong is None:
        path.unlink()
    return wrong and f"{path.name}: {wrong}"


@dataclass
class Fixture:
    """A model of another framework: what mcc is given, and the files in it that are damaged."""

    framework: str
    name: str
    model: str
    """Of the folder, which is the model itself where this is empty: mcc is then given each of the files."""
    files: list[str]
    """Of a folder or in an archive; the model itself where there are none."""

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / "fixtures" / self.framework / self.name

    def contents(self) -> list[tuple[str, bytes]]:
        model = self.folder / self.model
        if not self.files:
            return [("", model.read_bytes())]
        if zipfile.is_zipfile(model):
            with zipfile.ZipFile(model) as archive:
                return [(file, archive.read(file)) for file in self.files]
        return [(file, (model / file).read_bytes()) for file in self.files]

    def words(self, copy: Path) -> list[str]:
        return [str(copy)] if self.model else [str(copy / file) for file in self.files]

    def write(self, copy: Path, file: str, content: bytes) -> None:
        """A copy of the model in which `file` has other content."""
        model = self.folder / self.model
        copy.parent.mkdir(parents=True, exist_ok=True)
        if model.is_dir():
            shutil.copytree(model, copy)
            (copy / file).write_bytes(content)
        elif not file:
            copy.write_bytes(content)
        else:
            with zipfile.ZipFile(model) as archive, zipfile.ZipFile(copy, "w") as written:
                for name in archive.namelist():
                    written.writestr(name, content if name == file else archive.read(name))


FRAMEWORKS = [
    Fixture("tensorflow", "small_cnn", "model.pb", []),
    Fixture(
        "tensorflow", "control_flow", "saved_model",
        ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]),
    Fixture("pytorch", "mlp", "model.pt2", []),
    Fixture("pytorch", "branches", "model.pt2", ["model/models/model.json"]),
    Fixture("caffe", "lenet", "", ["deploy.prototxt", "net.caffemodel"]),
    Fixture("caffe", "v1", "", ["deploy.prototxt", "net.caffemodel"]),
    Fixture("caffe", "detections", "deploy.prototxt", []),
    Fixture("caffe", "caffemodel_alone", "net.caffemodel", []),
    Fixture("pytorch", "cnn", "model.pt2", ["model/models/model.json", "model/data/weights/model_weights_config.json"]),
]


def judge_framework(mcc: Mcc, fixture: Fixture, damage: tuple[str, bytes], copy: Path) -> str | None:
    """What is wrong with what mcc does with a copy of a model of which one file has other content."""
    fixture.write(copy, *damage)
    output = copy.with_name(f"{copy.name}.onnx")
    result = run([str(mcc.program), *fixture.words(copy), "-x", fixture.framework, "-o", str(output)], SECONDS)
    wrong = None
    if result.code not in (0, 65, 66) or (result.code != 0 and "error:" not in result.errors):
        wrong = f"exit code {result.code} after {result.seconds:.1f} s: {result.errors[:300]}"
    elif result.code != 0 and output.exists():
        wrong = "refused, but there is an output"
    output.unlink(missing_ok=True)
    if wrong is None:
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
    return wrong and f"{copy.name}: {wrong}"


def check_framework_damage(mcc: Mcc, folder: Path) -> None:
    """The same to each file of other frameworks' models. `MCC_FUZZ_RUNS=2000` does it thoroughly."""
    kept = Path(os.environ.get("MCC_KEEP", folder))
    jobs = []
    for fixture in FRAMEWORKS:
        for file, content in fixture.contents():
            place = "-".join([fixture.framework, fixture.name, *Path(file).parts[-1:]])
            assert judge_framework(mcc, fixture, (file, content), kept / f"{place}-whole") is None
            generate = random.Random(SEED)
            jobs += [(fixture, (file, damaged(content, generate)), kept / f"{place}-{index}") for index in range(FRONTEND_RUNS)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [wrong for wrong in pool.map(lambda job: judge_framework(mcc, *job), jobs) if wrong]
    assert not failures, f"{len(failures)} of {len(jobs)}:\n" + "\n".join(failures[:40])


def check_damage(mcc: Mcc, folder: Path) -> None:
    """Thousands of flipped bytes and truncations, the same on every run. `MCC_KEEP=<folder>` keeps the failing ones."""
    kept = Path(os.environ.get("MCC_KEEP", folder))
    jobs: list[tuple[bytes, Path]] = []
    for make in convolutional, structured:
        content = make().SerializeToString()
        original = folder / f"{make.__name__}.onnx"
        original.write_bytes(content)
        assert is_accepted(original)
        assert judge(mcc, content, original) is None, judge(mcc, content, original)
        generate = random.Random(SEED)
        jobs += [(damaged(content, generate), kept / f"{make.__name__}-{index}.onnx") for index in range(RUNS)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [wrong for wrong in pool.map(lambda job: judge(mcc, *job), jobs) if wrong]
    assert not failures, f"{len(failures)} of {len(jobs)}:\n" + "\n".join(failures[:40])
