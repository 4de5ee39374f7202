"""What ONNX Runtime offers as a library, as programs.

    python Benchmarks/peers.py optimize|quantize input.onnx output.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path


def optimize(model: str, output: str) -> None:
    """ONNX Runtime's offline optimizer, at the level that still writes standard operators."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = output
    if Path(model).with_suffix(".data").exists():
        key = "session.optimized_model_external_initializers_file_name"
        options.add_session_config_entry(key, Path(output).with_suffix(".data").name)
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def quantize(model: str, output: str) -> None:
    """ONNX Runtime's dynamic quantization to int8, a scale a channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    external = Path(model).with_suffix(".data").exists()
    quantize_dynamic(model, output, per_channel=True, weight_type=QuantType.QInt8, use_external_data_format=external)


if __name__ == "__main__":
    {"optimize": optimize, "quantize": quantize}[sys.argv[1]](*sys.argv[2:])
