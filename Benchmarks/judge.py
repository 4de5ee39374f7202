"""Says whether a model is valid.

    python Benchmarks/judge.py model.onnx       # fails unless onnx.checker and ONNX Runtime take it
"""

from __future__ import annotations

import sys

import onnx
import onnxruntime


def judge(model: str) -> None:
    """Raises unless `model` passes onnx.checker and loads in ONNX Runtime."""
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.disable_prepacking", "1")
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    judge(sys.argv[1])
