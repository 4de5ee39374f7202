"""Import and export without passes give an equal model, whatever it holds, by way of every format.

Text is printed, read and printed again: it must be the same both times.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

import carriers
import roundtrip
from check_quant8 import source
from mcc import REPOSITORY, Mcc
from runtime import assert_same_bits, outputs
from samples import Sample, each, normal, samples

DIGITS = REPOSITORY / "examples" / "digits.onnx"
MODELS = REPOSITORY / "Benchmarks" / "models"
WAYS = ((), ("mcb",), ("mir", "mir"))
JUDGES = 2  # at a time


def judge_many(mcc: Mcc, models: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Judges models by name and content, by way of all formats."""

    def judge(entry: tuple[str, bytes]) -> str | None:
        name, content = entry
        with tempfile.TemporaryDirectory(dir=folder) as own:
            path = Path(own) / "model.onnx"
            path.write_bytes(content)
            try:
                roundtrip.check(mcc, path, Path(own), *roundtrip.ALL_AT_ONCE)
            except AssertionError as failure:
                return f"{name}: {failure}"
        return None

    with ThreadPoolExecutor(JUDGES) as pool:
        verdicts = list(pool.map(judge, models))
    failures = [verdict for verdict in verdicts if verdict is not None]
    assert not failures, f"{len(failures)} of {len(verdicts)} models are not equal:\n" + "\n".join(failures)


def check_all_of_the_format(mcc: Mcc, folder: Path) -> None:
    """Control flow, functions, every kind of value and element, annotations, devices, training."""
    models = [(name, model.SerializeToString()) for name, model in carriers.models()]
    judge_many(mcc, [*models, ("everything", carriers.everything())], folder)


def check_everything_at_once(mcc: Mcc, folder: Path) -> None:
    """What exporters forget, in one model, by way of each format alone."""
    path = folder / "everything.onnx"
    path.write_bytes(carriers.everything())
    for way in WAYS:
        roundtrip.check(mcc, path, folder, *way)


def check_samples(mcc: Mcc, folder: Path) -> None:
    """Models with weights in every place; ONNX Runtime computes the same bits."""

    def judge(sample: Sample) -> None:
        path = source(sample, folder)
        for way in WAYS:
            back = roundtrip.check(mcc, path, folder, *way)
            if sample.runs:
                assert_same_bits(outputs(back, sample.feeds), outputs(path, sample.feeds))

    each(samples(), judge)


def check_examples(mcc: Mcc, folder: Path) -> None:
    """The example, what the passes make of it, and the benchmarks' models where they have been built."""
    feeds = {"image": normal("image", 3, 1, 32, 32)}
    compiled = mcc.compile(DIGITS, folder / "compiled.onnx", "-passes=prune,quant8")
    for path in (DIGITS, compiled):
        for way in WAYS:
            back = roundtrip.check(mcc, path, folder, *way)
            assert_same_bits(outputs(back, feeds), outputs(path, feeds))
    for model in sorted(MODELS.glob("*.onnx")):
        for way in WAYS:
            roundtrip.check(mcc, model, folder, *way)


# Where weights beside a model lie: file, offset and length, of which the last two may be unsaid.
Range = tuple[str, int | None, int | None]
BYTES = 4096 * 4
PLACES: dict[str, Range] = {
    "whole": ("a.bin", None, None),
    "first": ("b.bin", 0, BYTES),
    "second": ("b.bin", 2 * BYTES, BYTES),
    "second_again": ("b.bin", 2 * BYTES, BYTES),
    "rest": ("b.bin", 3 * BYTES, None),
    "odd": ("sub/c.bin", 12, BYTES),
}


def weights_beside(folder: Path) -> Path:
    """A model with weights in several files, at several offsets, and one inline; two share a range."""
    for name, size in (("a.bin", BYTES), ("b.bin", 4 * BYTES), ("sub/c.bin", 12 + BYTES)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(np.random.default_rng(size).bytes(size))
    tensors = []
    for name, (location, offset, length) in PLACES.items():
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[BYTES // 4], raw_data=b"")
        set_external_data(tensor, location, offset, length)
        tensors.append(tensor)
    tensors.append(numpy_helper.from_array(np.ones(4, np.float32), "inline"))
    names = [tensor.name for tensor in tensors]
    node = helper.make_node("Pass", names, ["y"], domain="com.example")
    graph = helper.make_graph([node], "g", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.example", 1)]
    path = folder / "beside.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    return path


def check_weights_beside_the_model(mcc: Mcc, folder: Path) -> None:
    """Any mix of files, offsets and lengths; written beside again, aligned, and once where they are shared."""
    path = weights_beside(folder)
    for way, options in (((), []), (("mcb",), []), (("mir", "mir"), []), ((), ["-external-data"])):
        back = roundtrip.check(mcc, path, folder, *way, options=options)
        if way == ():
            judge_placement(back)


def judge_placement(path: Path) -> None:
    """Large weights are in one file at page boundaries, shared ones in one place, and small ones inline."""
    entries = {}
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        external = {entry.key: entry.value for entry in tensor.external_data}
        assert bool(external) == (tensor.name in PLACES), f"{tensor.name}: {external}"
        if external:
            entries[tensor.name] = (external["location"], int(external["offset"]), int(external["length"]))
    assert {location for location, _, _ in entries.values()} == {f"{path.name}.data"}, entries
    assert all(offset % 4096 == 0 for _, offset, _ in entries.values()), entries
    assert entries["second"] == entries["second_again"]
    assert len(set(entries.values())) == len(entries) - 1, entries
