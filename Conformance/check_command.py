"""The command behaves as a well-bred Unix program: exit codes, signals, closed descriptors, pipes, limits."""

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

from mcc import REPOSITORY, Mcc

DIGITS = REPOSITORY / "examples" / "digits.onnx"


def large_model(folder: Path, megabytes: int) -> Path:
    """A chain of matrix products with random weights of so many megabytes together."""
    rng = np.random.default_rng(7)
    count = max(1, megabytes // 16)
    weights = [
        numpy_helper.from_array(rng.standard_normal((2048, 2048), dtype=np.float32), f"w{index}") for index in range(count)
    ]
    nodes = [helper.make_node("MatMul", [f"x{index}", f"w{index}"], [f"x{index + 1}"]) for index in range(count)]
    interface = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2048]) for name in ("x0", f"x{count}")]
    graph = helper.make_graph(nodes, "chain", interface[:1], interface[1:], weights)
    path = folder / "large.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def check_exit_codes(mcc: Mcc, folder: Path) -> None:
    """Each kind of failure has sysexits' code, an error on standard error and nothing on standard output."""
    (folder / "empty.onnx").touch()
    (folder / "noise.onnx").write_bytes(b"\xff" * 100)
    locked = folder / "locked.onnx"
    locked.write_bytes(DIGITS.read_bytes())
    locked.chmod(0)
    cases: list[tuple[int, list[str | Path]]] = [
        (64, []),
        (64, ["-no-such-option"]),
        (64, [DIGITS, "-passes=no-such-pass"]),
        (64, [DIGITS, "-j", "0"]),
        (65, [folder / "empty.onnx"]),
        (65, [folder / "noise.onnx"]),
        (66, [folder / "missing.onnx"]),
        (66, [folder]),
        (73, [DIGITS, "-o", folder / "missing" / "out.onnx"]),
        (74, [DIGITS, "-emit=onnx", "-o", "/dev/full"]),
    ]
    if os.geteuid() != 0:
        cases.append((77, [locked]))
    for code, arguments in cases:
        result = mcc.run(*arguments)
        words = " ".join(map(str, arguments))
        assert result.returncode == code, f"mcc {words}: exit code {result.returncode}, expected {code}"
        assert not result.stdout and result.stderr, f"mcc {words}: {result.stdout!r}, {result.stderr!r}"
        assert b"error: " in result.stderr, result.stderr


def check_what_was_asked_for_goes_to_standard_output(mcc: Mcc, folder: Path) -> None:
    """Help, lists and inspections are answers, not complaints."""
    for arguments in (["-help"], ["help"], ["help", "prune"], ["-print-passes"], ["-print-ops"], ["-version"], [DIGITS]):
        result = mcc.run(*arguments)
        assert result.returncode == 0 and result.stdout and not result.stderr, f"{arguments}: {result}"
    help_lines = mcc.run("-help").stdout.splitlines()
    assert len(help_lines) <= 40 and max(map(len, help_lines)) <= 100, "the help is one screen"


def check_standard_output_can_be_the_model(mcc: Mcc, folder: Path) -> None:
    """`-o -` writes the same bytes as a file gets, into a pipe too."""
    out = mcc.compile(DIGITS, folder / "out.onnx", "-passes=quant8")
    result = mcc.run(DIGITS, "-passes=quant8", "-emit=onnx", "-o", "-")
    assert result.returncode == 0 and result.stdout == out.read_bytes()


def check_a_closed_pipe_is_an_error(mcc: Mcc, folder: Path) -> None:
    """A reader that goes away ends the run with an exit code, not with a signal."""
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["-print-ops"], [DIGITS, "-emit=onnx", "-o", "-"]):
        result = subprocess.run([mcc.program, *arguments], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
        assert result.returncode == 74, result
    os.close(writing)


def check_closed_descriptors(mcc: Mcc, folder: Path) -> None:
    """With standard input, output or error closed, files are whole and hold no messages."""
    expected = mcc.compile(DIGITS, folder / "expected.onnx", "-passes=quant8").read_bytes()
    for redirections in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        out = folder / "out.onnx"
        out.unlink(missing_ok=True)
        command = f'"$0" "$1" -passes=quant8 -stats -o "$2" {redirections}'
        result = subprocess.run(["sh", "-c", command, mcc.program, DIGITS, out], capture_output=True, timeout=60, check=False)
        assert result.returncode == 0, f"{redirections}: {result}"
        assert out.read_bytes() == expected, f"{redirections}: another output"


def check_few_descriptors(mcc: Mcc, folder: Path) -> None:
    """`ulimit -n 16` is enough."""
    result = subprocess.run(
        [mcc.program, DIGITS, "-passes=quant8", "-o", folder / "out.onnx"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)),
        capture_output=True, timeout=60, check=False,
    )
    assert result.returncode == 0, result


def check_signals_leave_nothing_behind(mcc: Mcc, folder: Path) -> None:
    """SIGINT, SIGTERM and SIGHUP remove the temporary file, keep the old output, and give 128 + n."""
    model = large_model(folder, 256)
    out = folder / "out" / "model.onnx"
    out.parent.mkdir()
    out.write_text("the old one")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        caught = False
        for delay in (0.05, 0.1, 0.02, 0.01, *[0.0] * 12):
            # A shell starts what runs in its background with SIGINT ignored, which mcc would keep.
            process = subprocess.Popen(
                [mcc.program, model, "-o", out], stderr=subprocess.PIPE,
                preexec_fn=lambda number=number: signal.signal(number, signal.SIG_DFL),
            )
            deadline = time.monotonic() + 60
            while process.poll() is None and len(list(out.parent.iterdir())) < 2 and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(delay * 0.1)
            process.send_signal(number)
            process.communicate(timeout=60)
            if process.returncode == 128 + number:
                caught = True
                break
            assert process.returncode == 0, f"{number}: exit code {process.returncode}"
            out.write_text("the old one")
        assert caught, f"{number}: every run was done before the signal came"
        assert [path.name for path in out.parent.iterdir()] == [out.name], list(out.parent.iterdir())
        assert out.read_text() == "the old one"


def check_an_ignored_hangup_stays_ignored(mcc: Mcc, folder: Path) -> None:
    """Under nohup a hangup does not end the run."""
    model = large_model(folder, 64)
    process = subprocess.Popen(
        [mcc.program, model, "-passes=quant8", "-o", folder / "out.onnx"],
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN), stderr=subprocess.PIPE,
    )
    time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0, process.returncode


def check_an_input_that_shrinks(mcc: Mcc, folder: Path) -> None:
    """A file that is truncated while it is read gives exit code 74 and no output, never a crash."""
    source = large_model(folder, 256)
    size = source.stat().st_size
    seen = set()
    for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
        model = folder / "shrinking.onnx"
        model.write_bytes(source.read_bytes())
        out = folder / "out.onnx"
        out.unlink(missing_ok=True)
        process = subprocess.Popen([mcc.program, model, "-passes=prune", "-o", out], stderr=subprocess.PIPE)
        time.sleep(delay)
        os.truncate(model, size // 8)
        _, said = process.communicate(timeout=60)
        seen.add(process.returncode)
        assert process.returncode in (0, 65, 74), f"{process.returncode}: {said!r}"
        if process.returncode != 0:
            assert not out.exists() and b"error: " in said, said
        assert not [path for path in folder.iterdir() if path.name.startswith(".mcc-")]
    assert 74 in seen, f"never truncated at the right moment: {seen}"


def check_out_of_memory(mcc: Mcc, folder: Path) -> None:
    """Where the address space or the heap is too small, the exit code is 71 and no output is left."""
    model = large_model(folder, 64)
    seen = set()
    for kind, megabytes in ((resource.RLIMIT_AS, (40, 60, 80, 100, 120)), (resource.RLIMIT_DATA, (3, 4, 6, 8, 12))):
        for limit in (count << 20 for count in megabytes):
            out = folder / "out.onnx"
            out.unlink(missing_ok=True)

            def limited(*words, kind=kind, limit=limit):
                return subprocess.run(
                    [mcc.program, *words], preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
                    capture_output=True, timeout=120, check=False,
                )

            # Where the program's own segments exceed the limit, the loader or the kernel ends it before its first instruction.
            if limited("--version").returncode in (127, -signal.SIGSEGV):
                continue
            result = limited(model, "-passes=quant8", "-o", out)
            seen.add(result.returncode)
            # Without a heap, Swift's runtime may fail to say what it wants to say, and crash on that.
            runtime_gave_up = kind == resource.RLIMIT_DATA and b"failed to allocate" in result.stderr
            assert result.returncode in (0, 71) or runtime_gave_up, f"{limit} bytes: {result}"
            assert result.returncode == 0 or not out.exists()
            assert not [path for path in folder.iterdir() if path.name.startswith(".mcc-")]
    assert 71 in seen, seen


def check_where_proc_is_absent(mcc: Mcc, folder: Path) -> None:
    """mcc finds its words and compiles in a system without /proc, as an empty chroot is; not tried where that needs more rights."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        print("     no namespaces here")
        return
    output = folder / "small.onnx"
    words = [*inside, str(mcc.program), str(DIGITS), "-passes=prune,quant8", "-o", str(output)]
    result = subprocess.run(words, capture_output=True, check=False)
    assert result.returncode == 0 and output.exists(), result.stderr.decode(errors="replace")


def check_completion_scripts(mcc: Mcc, folder: Path) -> None:
    """There is completion for each of the common shells."""
    for shell in ("bash", "zsh", "fish"):
        result = mcc.run("--generate-completion-script", shell)
        assert result.returncode == 0 and b"print-passes" in result.stdout, result
