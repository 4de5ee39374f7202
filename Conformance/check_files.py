"""Files that are in the way, that change, or that cannot be written: what was there stays, or the new file is whole."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hostile_models import external, model, saved, secret
from mcc import Mcc
from measured import run

SECONDS = 60


def large_model(folder: Path, megabytes: int) -> Path:
    """A chain of matrix products."""
    count = megabytes // 4
    weights = [np.random.default_rng(0).standard_normal((1024, 1024), dtype=np.float32)] * count
    tensors = [numpy_helper.from_array(weight, f"w{index}") for index, weight in enumerate(weights)]
    names = ["x", *(f"h{index}" for index in range(count - 1)), "y"]
    nodes = [helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]]) for i in range(count)]
    return saved(model(nodes, tensors, x=[2, 1024], y=[2, 1024]), folder)


def small_model(folder: Path) -> Path:
    return saved(model([helper.make_node("Relu", ["x"], ["y"], "r")]), folder)


def check_same_path(mcc: Mcc, folder: Path) -> None:
    """The output may be the input, by its name, through a link, or as another name of the same file."""
    path = large_model(folder, 8)
    before = onnx.load(path)
    mcc.compile(path, path)
    assert onnx.load(path) == before
    (folder / "link.onnx").symlink_to(path.name)
    mcc.compile(folder / "link.onnx", folder / "link.onnx")
    assert onnx.load(folder / "link.onnx") == before
    os.link(path, folder / "hard.onnx")
    mcc.compile(path, folder / "hard.onnx")
    assert onnx.load(path) == before and onnx.load(folder / "hard.onnx") == before
    assert not [file for file in folder.iterdir() if file.name not in ("model.onnx", "link.onnx", "hard.onnx")]


def check_external_data_in_the_way(mcc: Mcc, folder: Path) -> None:
    """A data file that this run did not write is neither overwritten nor deleted."""
    path = external(folder, "w.data")
    data = (folder / "w.data").read_bytes()
    expected = numpy_helper.to_array(onnx.load(path).graph.initializer[0])
    result = mcc.run(path, "-o", folder / "w.data", "-emit=onnx")
    assert result.returncode != 0 and (folder / "w.data").read_bytes() == data, result.stderr.decode()
    result = mcc.run(path, f"-external-data={folder / 'w.data'}", "-o", folder / "out.onnx")
    assert (folder / "w.data").read_bytes() == data, result.stderr.decode()
    if result.returncode == 0:
        assert (numpy_helper.to_array(onnx.load(folder / "out.onnx").graph.initializer[0]) == expected).all()
    (folder / "new.onnx.data").write_bytes(b"of another model")
    mcc.compile(path, folder / "new.onnx")
    assert (folder / "new.onnx.data").read_bytes() == b"of another model"
    assert (numpy_helper.to_array(onnx.load(folder / "new.onnx").graph.initializer[0]) == expected).all()
    mcc.compile(path, path)
    assert (numpy_helper.to_array(onnx.load(path).graph.initializer[0]) == expected).all()
    assert (folder / "w.data").read_bytes() == data


def check_secret(mcc: Mcc, folder: Path) -> None:
    """No output contains what the model had no right to."""
    content = secret(folder).read_bytes()
    try:
        for location in f"../{folder.name}.secret", str(secret(folder)):
            path = external(folder, location)
            assert mcc.run(path, "-o", folder / "out.onnx").returncode == 65
            for file in folder.iterdir():
                assert content not in file.read_bytes(), file
    finally:
        secret(folder).unlink()


def check_full_disk(mcc: Mcc, folder: Path) -> None:
    """A write that fails leaves the old file, no temporary, and says so."""
    path = large_model(folder, 32)
    output = folder / "out.onnx"
    output.write_bytes(b"old")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    result = run([str(mcc.program), str(path), "-o", str(output)], SECONDS, prepare=limit)
    assert result.code in (73, 74) and "error:" in result.errors, f"{result.code}: {result.errors}"
    assert output.read_bytes() == b"old" and sorted(folder.iterdir()) == [path, output]


def check_killed(mcc: Mcc, folder: Path) -> None:
    """Killed at any moment, the output is the old file or the new one, whole; a signal that can be caught removes the temporary."""
    path = large_model(folder, 64)
    output = folder / "out.onnx"
    whole = mcc.compile(path, folder / "whole.onnx", "-passes=quant8").read_bytes()
    for number in signal.SIGKILL, signal.SIGTERM:
        for delay in 0.02, 0.1, 0.3:
            output.write_bytes(b"old")
            process = subprocess.Popen(
                [str(mcc.program), str(path), "-passes=quant8", "-o", str(output)], stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.send_signal(number)
            code = process.wait(SECONDS)
            content = output.read_bytes()
            assert content in (b"old", whole), f"signal {number} after {delay} s: {len(content)} bytes"
            if number == signal.SIGTERM:
                assert code in (0, 128 + number, -number), code
                assert sorted(folder.iterdir()) == sorted([path, output, folder / "whole.onnx"]), sorted(folder.iterdir())
            else:
                for file in set(folder.iterdir()) - {path, output, folder / "whole.onnx"}:
                    file.unlink()


def check_truncated_while_read(mcc: Mcc, folder: Path) -> None:
    """An input that another process cuts off is an error, not a crash."""
    for delay in 0.02, 0.05, 0.1, 0.3:
        path = large_model(folder, 64)
        process = subprocess.Popen(
            [str(mcc.program), str(path), "-passes=prune,quant8", "-o", str(folder / "out.onnx")],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(delay)
        os.truncate(path, 4096)
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode in (0, 65, 74), f"{process.returncode} after {delay} s: {errors.decode()}"
        assert process.returncode == 0 or not (folder / "out.onnx").exists()
        (folder / "out.onnx").unlink(missing_ok=True)


def check_pipes(mcc: Mcc, folder: Path) -> None:
    """Standard output, pipes that close early, and inputs that are no files."""
    path = small_model(folder)
    result = mcc.run(path, "-emit=onnx", "-o", "-")
    assert result.returncode == 0 and onnx.load_from_string(result.stdout) == onnx.load(path), result.stderr.decode()
    large = large_model(folder, 32)
    command = f"'{mcc.program}' '{large}' -emit=onnx -o - 2>errors | head -c1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    closed = subprocess.run(["bash", "-c", command], cwd=folder, timeout=SECONDS, check=False)
    assert closed.returncode in (74, 128 + signal.SIGPIPE), closed.returncode
    os.mkfifo(folder / "fifo")
    for source in "fifo", "/dev/null", ".", "none.onnx":
        place = source if source.startswith("/") else str(folder / source)
        result = mcc.run(place, "-o", folder / "out.onnx", timeout=SECONDS)
        assert result.returncode in (65, 66) and b"error:" in result.stderr, f"{source}: {result.returncode}"
    assert not (folder / "out.onnx").exists()


def check_limits(mcc: Mcc, folder: Path) -> None:
    """Few file descriptors, no standard error, senseless numbers of threads."""
    path = small_model(folder)

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))

    result = run([str(mcc.program), str(path), "-o", str(folder / "few.onnx")], SECONDS, prepare=few_files)
    assert result.code == 0, result.errors
    result = run([str(mcc.program), str(path), "-o", str(folder / "closed.onnx")], SECONDS, prepare=lambda: os.close(2))
    assert result.code == 0 and onnx.load(folder / "closed.onnx") == onnx.load(path)
    for threads in "0", "-1", "many", "99999999999999999999":
        result = mcc.run(path, f"-j={threads}", "-o", folder / "threads.onnx")
        assert result.returncode == 64 and b"-j" in result.stderr, f"-j={threads}: {result.returncode}"
    assert not (folder / "threads.onnx").exists()


def check_many_data_files(mcc: Mcc, folder: Path) -> None:
    """Old exporters write a file for each weight: more of them than a process may have open at first."""
    tensors = []
    for index in range(1500):
        tensor = TensorProto(name=f"w{index}", dims=[3], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value=f"w{index}")
        (folder / f"w{index}").write_bytes(np.full(3, index, dtype=np.float32).tobytes())
        tensors.append(tensor)
    nodes = [helper.make_node("Sum", ["x", *(tensor.name for tensor in tensors)], ["y"], "s")]
    path = saved(model(nodes, tensors), folder)
    output = folder / "out.onnx"
    limits = (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    result = run(
        [str(mcc.program), str(path), "-o", str(output)], SECONDS,
        prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
    assert result.code == 0, result.errors
    assert numpy_helper.to_array(onnx.load(output).graph.initializer[1499])[0] == 1499
