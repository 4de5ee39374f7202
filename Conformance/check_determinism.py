"""The same model and passes give the same bytes, on every run and with any number of threads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx

from mcc import REPOSITORY, Mcc
from samples import Draft, node, normal

DIGITS = REPOSITORY / "examples" / "digits.onnx"
PIPELINES = ("", "-passes=prune,quant8", "-passes=prune{scope=global:sparsity=0.5}", "-passes=simplify")
PIPELINES += ("-passes=quant8{activations=dynamic}", "-passes=prune,quant8,fold,simplify")


def large(path: Path) -> Path:
    """A model whose weights are larger than what is worked on at once, with ties across its parts."""
    weights = {
        "table": normal("table", 6000, 256),
        "first": np.round(normal("first", 256, 2500) * 16) / 16,
        "second": normal("second", 2500, 300).astype(np.float16),
        "third": normal("third", 64, 64, 3, 3),
    }
    nodes = [
        node("Gather", "table i", "a"),
        node("MatMul", "a first", "b"),
        node("Cast", "b", "c", to=onnx.TensorProto.FLOAT16),
        node("MatMul", "c second", "d"),
        node("Conv", "image third", "e"),
    ]
    feeds = {"i": np.arange(4), "image": normal("image", 1, 64, 8, 8)}
    outputs = {"d": np.dtype(np.float16), "e": np.dtype(np.float32)}
    onnx.save(Draft(nodes, weights, feeds, {}, outputs).sample("large").model, path)
    return path


def written(mcc: Mcc, model: Path, folder: Path, suffix: str, *options: str) -> dict[str, bytes]:
    """All files that a compilation wrote, by name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    mcc.compile(model, folder / f"output.{suffix}", *options)
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def check_bytes(mcc: Mcc, folder: Path) -> None:
    """Two runs, and one thread against two and more, for each format and a pipeline of each kind."""
    differing = []
    for model in (DIGITS, large(folder / "large.onnx")):
        for pipeline in PIPELINES:
            for suffix, *options in (("onnx",), ("mcb",), ("mir",), ("onnx", "-external-data")):
                options = [option for option in (pipeline, *options) if option]
                first = written(mcc, model, folder / "outputs", suffix, *options)
                for threads in ([], ["-j", "1"], ["-j", "2"], ["-j", "5"]):
                    if written(mcc, model, folder / "outputs", suffix, *options, *threads) != first:
                        differing.append(" ".join([model.name, suffix, *options, *threads]))
    assert not differing, "other bytes the second time:\n" + "\n".join(differing)
