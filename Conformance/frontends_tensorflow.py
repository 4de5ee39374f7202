"""Whole architectures of TensorFlow: mcc against TensorFlow's results, and against tf2onnx with the best simplifier behind it.

    python Conformance/frontends_tensorflow.py <mcc> [architecture ...]

needs the packages of `fixtures/requirements-tensorflow.txt`, tf2onnx, onnx and onnxruntime; `make conformance-frontends` installs them. A row
for each architecture, as SavedModel and frozen: whether ONNX Runtime on mcc's output, plain and simplified, agrees with TensorFlow (rtol 1e-3,
atol 1e-4), the operations that `simplify` leaves and the least that any peer of simplifiers.py leaves of what tf2onnx writes, the transpositions
of both, and the seconds of mcc against those of tf2onnx. The exit code is 1 where a row disagrees or a peer leaves fewer operations.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "fixtures"))
import make_tensorflow as fixtures  # noqa: E402 - it sets what TensorFlow reads as it is imported

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

import runtime  # noqa: E402
from costs import operation_types  # noqa: E402
from frontend_table import Row, Table, judge  # noqa: E402
from simplifiers import fewest_operations  # noqa: E402

RTOL, ATOL = 1e-3, 1e-4
SEED = 1

APPLICATIONS = {
    "MobileNetV2": 96, "MobileNetV3Small": 96, "ResNet50V2": 96, "EfficientNetB0": 96, "DenseNet121": 96, "NASNetMobile": 224,
    "Xception": 96, "InceptionV3": 128, "VGG16": 64, "ConvNeXtTiny": 96,
    "MobileNet": 96, "ResNet50": 96, "MobileNetV3Large": 96, "EfficientNetV2B0": 96,
}


def recurrent(layer: type) -> keras.Model:
    x = keras.Input((20, 16), name="sequence")
    return keras.Model(x, keras.layers.Dense(4)(layer(32)(layer(24, return_sequences=True)(x))))


def model_of(name: str) -> keras.Model:
    """The architecture with weights of no regularity, but of the usual magnitude."""
    keras.utils.set_random_seed(SEED)
    if name not in APPLICATIONS:
        return recurrent(getattr(keras.layers, name))
    size = APPLICATIONS[name]
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    generate = np.random.default_rng(SEED)
    for weight in model.weights:
        if "normalization" in weight.path or weight.path.split("/")[-1] in ("moving_mean", "moving_variance", "gamma", "beta"):
            low, high = (-0.1, 0.1) if weight.path.endswith(("beta", "mean")) else (0.8, 1.2)
            weight.assign(generate.uniform(low, high, weight.shape).astype(np.float32))
    return model


def peer(model: keras.Model, signature: list[tf.TensorSpec], path: Path) -> tuple[int | None, int | None, float | None]:
    """The operations and transpositions that tf2onnx and the best simplifier leave, and the seconds of tf2onnx; nothing where it fails."""
    start = time.monotonic()
    try:
        function = tf.function(lambda x: model(x, training=False), input_signature=signature)
        tf2onnx.convert.from_function(function, input_signature=signature, opset=18, output_path=str(path))
        seconds = time.monotonic() - start
        transpositions = operation_types(onnx.load(path, load_external_data=False)).count("Transpose")
        return fewest_operations(path), transpositions, seconds
    except Exception as failure:  # noqa: BLE001 - it raises whatever its parts do
        print(f"tf2onnx: {type(failure).__name__}: {str(failure)[:200]!r}", file=sys.stderr)
        return None, None, None


def disagreement(model: Path, value: np.ndarray, expected: np.ndarray) -> str | None:
    session = runtime.session(model)
    result = session.run(None, {session.get_inputs()[0].name: value})[0]
    return None if result.shape == expected.shape and np.allclose(result, expected, RTOL, ATOL) else "differs"


def rows(mcc: str, name: str, folder: Path, table: Table) -> None:
    """Saves an architecture in both forms, and adds a row for each."""
    model = model_of(name)
    shape = model.inputs[0].shape
    value = np.random.default_rng(SEED).uniform(-1, 1, (2, *shape[1:])).astype(np.float32)
    expected = model(value, training=False).numpy()
    signature = [tf.TensorSpec(shape, tf.float32, name="x")]
    function = tf.function(lambda x: model(x, training=False), input_signature=signature)
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", function, input_signature=signature)
    archive.write_out(folder / "saved_model", verbose=False)
    fixtures.freeze(function, folder / "frozen.pb")
    operations, transpositions, seconds = peer(model, signature, folder / "peer.onnx")
    for source in "saved_model", "frozen.pb":
        row = Row(f"{name} {source}", their_operations=operations, their_transpositions=transpositions, their_seconds=seconds)
        judge(mcc, row, [folder / source], folder, lambda output: disagreement(output, value, expected))
        table.add(row)


def main(mcc: str, names: list[str]) -> int:
    table = Table()
    for name in names or [*APPLICATIONS, "LSTM", "GRU"]:
        with tempfile.TemporaryDirectory() as folder:
            rows(mcc, name, Path(os.environ.get("MCC_KEEP", folder)), table)
    return table.conclude()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(str(Path(sys.argv[1]).absolute()), sys.argv[2:]))
