"""Whole architectures of TensorFlow: mcc against TensorFlow's results, and against tf2onnx followed by onnxslim.

    python Conformance/frontends_tensorflow.py <mcc> [architecture ...]

needs the packages of `fixtures/requirements-tensorflow.txt`, tf2onnx and onnxslim (or its path in `ONNXSLIM`), which it installs into `.venv-tensorflow` when the Python
that runs it lacks them. Prints a row for each architecture, as SavedModel and frozen: whether the results agree (rtol 1e-3, atol 1e-4), the
operations and transpositions after `-passes=simplify` and those of the peers, and how long each took. The exit code is 1 when results differ.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent / ".venv-tensorflow"
PACKAGES = ["tf2onnx", "onnxslim", "onnxruntime"]
RTOL, ATOL = 1e-3, 1e-4
SEED = 1

try:
    sys.path.insert(0, str(HERE / "fixtures"))
    import make_tensorflow as fixtures
    import tf2onnx
except ImportError:
    if Path(sys.prefix) == ENVIRONMENT:
        raise
    requirements = HERE / "fixtures" / "requirements-tensorflow.txt"
    subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    subprocess.run([ENVIRONMENT / "bin/pip", "install", "--quiet", "-r", requirements, *PACKAGES], check=True)
    os.execv(ENVIRONMENT / "bin/python", [str(ENVIRONMENT / "bin/python"), *sys.argv])

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import tensorflow as tf  # noqa: E402

APPLICATIONS = {
    "MobileNetV2": 96, "MobileNetV3Small": 96, "ResNet50V2": 96, "EfficientNetB0": 96, "DenseNet121": 96, "NASNetMobile": 224,
    "Xception": 96, "InceptionV3": 128, "VGG16": 64, "ConvNeXtTiny": 96,
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


def counts(path: Path) -> tuple[int, int]:
    """The operations of a model, Constants apart, and how many of them are transpositions; those of its graphs inside too."""

    def nodes(graph: onnx.GraphProto):
        for node in graph.node:
            yield node
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    yield from nodes(attribute.g)

    types = [node.op_type for node in nodes(onnx.load(path, load_external_data=False).graph) if node.op_type != "Constant"]
    return len(types), types.count("Transpose")


def run(path: Path, value: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: value})[0]


def peer(model: keras.Model, signature: list[tf.TensorSpec], path: Path) -> float:
    """What tf2onnx and onnxslim make of the model, and how long tf2onnx took."""
    start = time.monotonic()
    function = tf.function(lambda x: model(x, training=False), input_signature=signature)
    tf2onnx.convert.from_function(function, input_signature=signature, opset=18, output_path=str(path))
    seconds = time.monotonic() - start
    program = os.environ.get("ONNXSLIM") or shutil.which("onnxslim", path=f"{sys.prefix}/bin:{os.environ.get('PATH', '')}")
    if program:
        subprocess.run([program, path, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    else:
        print("onnxslim is not there: tf2onnx's own result counts", file=sys.stderr)
    return seconds


def judge(mcc: str, name: str, folder: Path) -> bool:
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
    try:
        seconds = peer(model, signature, folder / "peer.onnx")
        operations, transpositions = counts(folder / "peer.onnx")
        theirs = f"theirs {operations:5} ({transpositions:2}); tf2onnx {seconds:6.2f} s"
    except Exception as error:  # noqa: BLE001 - it raises whatever its parts do
        theirs = f"tf2onnx fails: {type(error).__name__}"
    agrees = True
    for source in ("saved_model", "frozen.pb"):
        start = time.monotonic()
        subprocess.run([mcc, folder / source, "-o", folder / "plain.onnx"], check=True)
        own = time.monotonic() - start
        subprocess.run([mcc, folder / source, "-passes=simplify", "-o", folder / "simple.onnx"], check=True)
        results = [run(folder / file, value) for file in ("plain.onnx", "simple.onnx")]
        close = all(np.allclose(result, expected, RTOL, ATOL) for result in results)
        agrees &= close
        operations, transpositions = counts(folder / "simple.onnx")
        print(
            f"{name:17} {source:12} {'agrees' if close else 'DIFFERS':8} {operations:5} operations ({transpositions:2} Transpose),"
            f" {own:6.2f} s; {theirs}", flush=True)
    return agrees


def main(mcc: str, names: list[str]) -> int:
    verdicts = []
    for name in names or [*APPLICATIONS, "LSTM", "GRU"]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                verdicts.append(judge(mcc, name, Path(os.environ.get("MCC_KEEP", folder))))
            except subprocess.CalledProcessError as error:
                print(f"{name:17} mcc failed: {error}", flush=True)
                verdicts.append(False)
    print(f"{sum(verdicts)} of {len(verdicts)} architectures agree")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(str(Path(sys.argv[1]).absolute()), sys.argv[2:]))
