"""The example keeps what it promises: an honest classifier that compilation leaves one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnxruntime import GraphOptimizationLevel

from mcc import REPOSITORY, Mcc
from runtime import AS_WRITTEN, LEVELS, outputs

sys.path.append(str(REPOSITORY / "examples"))
from make_digits import test_split  # noqa: E402

MODEL = REPOSITORY / "examples" / "digits.onnx"
ALLOWED_LOSS = 0.003  # of the test images
ALLOWED_RMSE = 0.035  # of the log-probabilities


def log_probabilities(model: Path, level: GraphOptimizationLevel = AS_WRITTEN) -> np.ndarray:
    """What `model` says of each test image."""
    images, _ = test_split()
    return outputs(model, {"image": images}, level)[0]


def accuracy(log_probabilities: np.ndarray) -> float:
    """The fraction of the test images that are classified rightly."""
    _, labels = test_split()
    return float((log_probabilities.argmax(axis=1) == labels).mean())


def check_example(mcc: Mcc, folder: Path) -> None:
    """The committed model is the network that README describes."""
    model = onnx.load(MODEL)
    onnx.checker.check_model(model, full_check=True)
    operators = [node.op_type for node in model.graph.node]
    expected = "Conv Relu Conv Relu AveragePool Flatten Gemm Relu Gemm LogSoftmax".split()
    assert operators == expected, operators
    assert accuracy(log_probabilities(MODEL)) >= 0.95


def judge(compiled: Path) -> None:
    """Raises unless a compiled model is valid and nearly as often right as its source, at every optimization level."""
    onnx.checker.check_model(compiled, full_check=True)
    before = accuracy(log_probabilities(MODEL))
    for level in LEVELS:
        after = accuracy(log_probabilities(compiled, level))
        assert after >= before - ALLOWED_LOSS, f"{before:.2%} became {after:.2%} at {level.name}"


def check_quantized(mcc: Mcc, folder: Path) -> None:
    """`quant8` costs next to no accuracy, and moves the log-probabilities little."""
    for pipeline in ("quant8", "quant8,fold,simplify"):
        compiled = mcc.compile(MODEL, folder / "digits.onnx", f"-passes={pipeline}")
        judge(compiled)
        rmse = float(np.sqrt(np.mean((log_probabilities(compiled) - log_probabilities(MODEL)) ** 2)))
        assert rmse <= ALLOWED_RMSE, f"{pipeline}: the log-probabilities moved by {rmse:.4f} (RMSE)"


def check_dynamic(mcc: Mcc, folder: Path) -> None:
    """`quant8{activations=dynamic}` costs next to no accuracy."""
    judge(mcc.compile(MODEL, folder / "digits.onnx", "-passes=quant8{activations=dynamic}"))


def check_pruned(mcc: Mcc, folder: Path) -> None:
    """Bare `prune` costs next to no accuracy."""
    judge(mcc.compile(MODEL, folder / "digits.onnx", "-passes=prune"))


def check_demo(mcc: Mcc, folder: Path) -> None:
    """What `make demo` does gives a model of about a quarter of the size that is still right."""
    compiled = mcc.compile(MODEL, folder / "digits.onnx", "-passes=prune,quant8")
    packed = mcc.compile(MODEL, folder / "digits.mcb", "-passes=prune,quant8")
    for output in (compiled, packed):
        fraction = output.stat().st_size / MODEL.stat().st_size
        assert fraction < 0.27, f"{output.name} has {fraction:.0%} of the original's size"
    judge(compiled)
