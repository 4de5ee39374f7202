"""Models of PyTorch, TensorFlow and Caffe compute what those frameworks computed.

Each folder `fixtures/<framework>/<name>` was written by `fixtures/make_<framework>.py` with the framework itself: the model, the options
that mcc needs for it (`options.txt`, a word a line, where there are any), `inputs.npz` and `outputs.npz`, named as the model's inputs and outputs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import runtime
from mcc import Mcc

FIXTURES = Path(__file__).parent / "fixtures"
RTOL, ATOL = 1e-3, 1e-4
# A fixture's model is what is called so; of Caffe's two files the second goes with the first.
MODELS = ["model.pt2", "saved_model", "model.pb", "deploy.prototxt", "net.caffemodel"]


def words(fixture: Path) -> list[str | Path]:
    """The model, and what else the command line needs for it."""
    files = [fixture / name for name in MODELS if (fixture / name).exists()]
    assert files, f"{fixture.name} has no model"
    options = fixture / "options.txt"
    return [*files, *(options.read_text().split() if options.exists() else [])]


def arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file) as archive:
        return dict(archive)


def assert_agrees(results: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert results.keys() == expected.keys(), f"outputs {sorted(results)} where {sorted(expected)} are expected"
    for name, wanted in expected.items():
        result = results[name]
        assert result.shape == wanted.shape, f"{name}: {result.shape} where {wanted.shape} is expected"
        assert result.dtype == wanted.dtype, f"{name}: {result.dtype} where {wanted.dtype} is expected"
        if np.issubdtype(wanted.dtype, np.inexact):
            np.testing.assert_allclose(result, wanted, RTOL, ATOL, err_msg=name)
        else:
            np.testing.assert_array_equal(result, wanted, err_msg=name)


def judge_run(mcc: Mcc, fixture: Path, folder: Path) -> None:
    """`mcc run` on the model as it is."""
    options = ["-i", fixture / "inputs.npz", "-o", folder / "outputs"]
    result = mcc.run("run", *words(fixture), *options)
    assert result.returncode == 0, f"run: exit code {result.returncode}: {result.stderr.decode(errors='replace')}"
    expected = arrays(fixture / "outputs.npz")
    assert_agrees({name: np.load(folder / "outputs" / f"{name}.npy") for name in expected}, expected)


def judge_export(mcc: Mcc, fixture: Path, folder: Path, *passes: str) -> None:
    """ONNX Runtime on the model that mcc makes of it."""
    output = folder / "model.onnx"
    result = mcc.run(*words(fixture), *passes, "-o", output)
    assert result.returncode == 0, f"export: exit code {result.returncode}: {result.stderr.decode(errors='replace')}"
    onnx.checker.check_model(output, full_check=True)
    session = runtime.session(output)
    results = session.run(None, arrays(fixture / "inputs.npz"))
    assert_agrees(
        dict(zip([output.name for output in session.get_outputs()], results, strict=True)),
        arrays(fixture / "outputs.npz"))


def fixtures(framework: str) -> Iterator[Path]:
    yield from sorted(path.parent for path in (FIXTURES / framework).glob("*/inputs.npz"))


def judge(mcc: Mcc, folder: Path, framework: str) -> None:
    """All fixtures of a framework, run, exported, and exported simplified."""
    judges: dict[str, Callable[[Path], None]] = {
        "run": lambda fixture: judge_run(mcc, fixture, folder),
        "export": lambda fixture: judge_export(mcc, fixture, folder),
        "simplify": lambda fixture: judge_export(mcc, fixture, folder, "-passes=simplify"),
    }
    failures, count = [], 0
    for fixture in fixtures(framework):
        count += 1
        for name, judge_one in judges.items():
            try:
                judge_one(fixture)
            except Exception as error:  # noqa: BLE001 - whatever went wrong is this fixture's verdict
                failures.append(f"{fixture.name}, {name}: {error}")
    print(f"    {count} models of {framework}, {len(failures)} failures", flush=True)
    assert count, f"there are no fixtures of {framework}"
    assert not failures, "\n".join(failures)


def check_tensorflow(mcc: Mcc, folder: Path) -> None:
    judge(mcc, folder, "tensorflow")


def check_pytorch(mcc: Mcc, folder: Path) -> None:
    """What `torch.export.save` writes."""
    judge(mcc, folder, "pytorch")


def check_tensorflow_checkpoints(mcc: Mcc, folder: Path) -> None:
    """Variables that are not there, cut off, or elsewhere are refused; a signature that is not there is told with those that are."""
    original = FIXTURES / "tensorflow" / "control_flow" / "saved_model"
    data = "variables.data-00000-of-00001"
    secret = folder / "secret"
    secret.write_bytes((original / "variables" / data).read_bytes())

    def link(variables: Path) -> None:
        (variables / data).unlink()
        (variables / data).symlink_to(secret)

    changes: dict[str, Callable[[Path], object]] = {
        "variables.index": lambda variables: (variables / "variables.index").unlink(),
        "index of a checkpoint": lambda variables: (variables / "variables.index").write_bytes(bytes(200)),
        "which has 10": lambda variables: (variables / data).write_bytes(bytes(10)),
        data: lambda variables: (variables / data).unlink(),
        "folder": link,
    }
    for word, change in changes.items():
        model = folder / "model"
        shutil.copytree(original, model)
        change(model / "variables")
        result = mcc.run(model, "-o", folder / "out.onnx")
        message = result.stderr.decode()
        assert result.returncode in (65, 66) and word in message, f"{word}: {result.returncode}: {message}"
        assert not (folder / "out.onnx").exists()
        shutil.rmtree(model)
    result = mcc.run(original, "-signature=predict")
    assert result.returncode == 64 and b"it has serving_default" in result.stderr, result


def check_tensorflow_recurrences(mcc: Mcc, folder: Path) -> None:
    """Loops that are steps of a GRU or of an LSTM become one operation."""
    for fixture, operator in {"gru": "GRU", "separate_gates": "GRU", "lstm": "LSTM"}.items():
        output = folder / "model.onnx"
        result = mcc.run(*words(FIXTURES / "tensorflow" / fixture), "-o", output)
        assert result.returncode == 0, result.stderr
        types = {node.op_type for node in onnx.load(output).graph.node}
        assert operator in types, f"{fixture}: {sorted(types)}"


def check_tensorflow_sequences(mcc: Mcc, folder: Path) -> None:
    """What TensorFlow convolves as images of one row is convolved along one axis."""
    output = folder / "model.onnx"
    result = mcc.run(*words(FIXTURES / "tensorflow" / "convolutions_1d_3d"), "-o", output)
    assert result.returncode == 0, result.stderr
    shapes = [
        list(attribute.ints) for node in onnx.load(output).graph.node if node.op_type == "Conv"
        for attribute in node.attribute if attribute.name == "kernel_shape"
    ]
    assert any(len(shape) == 1 for shape in shapes) and all(len(shape) != 2 for shape in shapes), shapes


def check_caffe(mcc: Mcc, folder: Path) -> None:
    """Networks of Caffe, as text and in binary, in all three forms that Caffe had."""
    judge(mcc, folder, "caffe")
