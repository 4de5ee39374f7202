"""Runs models in ONNX Runtime, the judge of what mcc emits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto
from onnxruntime import GraphOptimizationLevel

LEVELS = list(GraphOptimizationLevel.__members__.values())
AS_WRITTEN = GraphOptimizationLevel.ORT_DISABLE_ALL
BASIC = GraphOptimizationLevel.ORT_ENABLE_BASIC

onnxruntime.set_default_logger_severity(4)  # what matters is raised as an exception, too


def session(model: Path | ModelProto, level: GraphOptimizationLevel = AS_WRITTEN) -> onnxruntime.InferenceSession:
    """`model`, loaded."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    content = model.SerializeToString() if isinstance(model, ModelProto) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def outputs(
    model: Path | ModelProto, feeds: dict[str, np.ndarray], level: GraphOptimizationLevel = AS_WRITTEN
) -> list[np.ndarray]:
    """What `model` computes."""
    return session(model, level).run(None, feeds)


def distance(results: Iterable[np.ndarray], expected: Iterable[np.ndarray]) -> float:
    """How far results lie from what was expected: the largest ratio of two outputs' norms, of error and expectation."""
    worst = 0.0
    for result, wanted in zip(results, expected, strict=True):
        assert result.shape == wanted.shape, f"{result.shape} where {wanted.shape} was expected"
        assert result.dtype == wanted.dtype, f"{result.dtype} where {wanted.dtype} was expected"
        wanted, error = wanted.astype(np.float64), result.astype(np.float64) - wanted.astype(np.float64)
        norm = float(np.linalg.norm(wanted))
        assert np.isfinite(norm), "the outputs to compare with are not finite"
        ratio = float(np.linalg.norm(error)) / (norm or 1.0)
        worst = max(worst, ratio if np.isfinite(ratio) else np.inf)
    return worst


def assert_same_bits(results: Iterable[np.ndarray], expected: Iterable[np.ndarray]) -> None:
    """Raises unless results are what was expected to the last bit."""
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype == wanted.dtype and result.shape == wanted.shape, f"{result.dtype}{result.shape}"
        assert result.tobytes() == wanted.tobytes(), "outputs have other bits"
