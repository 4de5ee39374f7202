"""Inputs that break other tools: refused by name, within seconds, and without a trace; or legal, and compiled."""

from __future__ import annotations

import json
from pathlib import Path

import onnx

from hostile_models import BOMBS, CROWDS, LEGAL, REFUSED, STRANGE_NAMES, Build, crowd, joined_models, special_weights, strange_names
from measured import Run, measured
from mcc import Mcc

SECONDS = 10
"""Far more than a run needs, for a debug build on a busy machine."""
PROGRAM_BYTES = 96 << 20
"""What a debug build takes before it has read anything, at most."""


def memory_limit(model: Path) -> int:
    """What reading the model may take."""
    return PROGRAM_BYTES + (64 << 20) + 16 * model.stat().st_size


def verdict(model: Path, result: Run) -> str | None:
    """What is wrong with how a run ended, whatever its outcome."""
    if result.code < 0:
        return f"signal {-result.code} after {result.seconds:.0f} s"
    if result.peak_bytes > memory_limit(model):
        return f"took {result.peak_bytes >> 20} MiB for a file of {model.stat().st_size} bytes"
    return None


def refusal(mcc: Mcc, build: Build, folder: Path, code: int, words: list[str]) -> str | None:
    """What is wrong with how mcc refuses the model."""
    folder.mkdir()
    model = build(folder)
    before = sorted(folder.rglob("*"))
    result = measured([str(mcc.program), str(model), "-passes=simplify", "-o", str(folder / "out.onnx")], SECONDS)
    if wrong := verdict(model, result):
        return wrong
    lines = [line for line in result.errors.splitlines() if "error:" in line]
    if result.code != code or len(lines) != 1:
        return f"exit code {result.code}, and {len(lines)} errors: {result.errors[:500]}"
    missing = [word for word in words if word not in lines[0]]
    if missing:
        return f"does not name {missing}: {lines[0][:500]}"
    if not lines[0].startswith(str(folder)):
        return f"does not begin with the file's name: {lines[0][:500]}"
    if sorted(folder.rglob("*")) != before:
        return "left files behind"
    return None


def check_refused(mcc: Mcc, folder: Path) -> None:
    """What is broken is refused, with one error that names the place, and no output."""
    failures = []
    for build, code, words in REFUSED:
        if wrong := refusal(mcc, build, folder / build.__name__, code, words):
            failures.append(f"{build.__name__}: {wrong}")
    assert not failures, "\n".join(failures)


def check_legal(mcc: Mcc, folder: Path) -> None:
    """What is only strange is compiled, quickly."""
    failures = []
    for build in LEGAL:
        place = folder / build.__name__
        place.mkdir()
        model = build(place)
        output = place / "out.onnx"
        result = measured([str(mcc.program), str(model), "-passes=simplify", "-o", str(output)], SECONDS)
        wrong = verdict(model, result)
        if not wrong and (result.code != 0 or not output.exists()):
            wrong = f"exit code {result.code}: {result.errors[:500]}"
        if wrong:
            failures.append(f"{build.__name__}: {wrong}")
    assert not failures, "\n".join(failures)


def check_folding_bombs(mcc: Mcc, folder: Path) -> None:
    """What is too large to fold stays, in little memory, and a remark says why."""
    failures = []
    for build, kind, where in BOMBS:
        place = folder / build.__name__
        place.mkdir()
        model, output, remarks = build(place), place / "out.onnx", place / "remarks"
        words = [str(mcc.program), str(model), "-passes=simplify", f"-remarks={remarks}", "-o", str(output)]
        result = measured(words, 6 * SECONDS)
        wrong = verdict(model, result)
        if not wrong and result.code != 0:
            wrong = f"exit code {result.code}: {result.errors[:500]}"
        if not wrong and kind not in [node.op_type for node in onnx.load(output).graph.node]:
            wrong = f"there is no {kind} in the output"
        if not wrong and not any(where in json.loads(line).get("place", "") for line in remarks.read_text().splitlines()):
            wrong = f"no remark is about {where}"
        if wrong:
            failures.append(f"{build.__name__}: {wrong}")
    assert not failures, "\n".join(failures)


def check_names(mcc: Mcc, folder: Path) -> None:
    """Names are bytes, and stay."""
    model = strange_names(folder)
    for suffix in "onnx", "mcb", "mir":
        if suffix != "onnx":
            mcc.compile(model, folder / f"through.{suffix}")
        through = model if suffix == "onnx" else folder / f"through.{suffix}"
        content = mcc.compile(through, folder / f"from-{suffix}.onnx").read_bytes()
        missing = [name[:20] for name in STRANGE_NAMES if content.count(name) < 3]
        assert not missing, f"through {suffix}: {missing}"


def check_special_weights(mcc: Mcc, folder: Path) -> None:
    """NaN, infinities, denormals and -0 are kept bit for bit; quant8 refuses the weight by name."""
    model = special_weights(folder)
    expected = onnx.load(model).graph.initializer[0].raw_data
    kept = onnx.load(mcc.compile(model, folder / "kept.onnx")).graph.initializer[0].raw_data
    assert kept == expected
    result = mcc.run(model, "-passes=quant8", "-o", folder / "quantized.onnx")
    assert result.returncode == 65 and b"'w'" in result.stderr, result.stderr.decode(errors="replace")
    assert not (folder / "quantized.onnx").exists()


def check_merged(mcc: Mcc, folder: Path) -> None:
    """Two models in a row are one, as protobuf has it."""
    model = joined_models(folder)
    assert onnx.load(mcc.compile(model, folder / "out.onnx")) == onnx.load(model)


def check_memory(mcc: Mcc, folder: Path) -> None:
    """Whatever a file is full of: it is refused, or read in memory that is in proportion to the file."""
    small = measured([str(mcc.program), str(joined_models(folder)), "-emit=none", "-o", "/dev/null"], SECONDS)
    failures = []
    for name, field in CROWDS.items():
        model = crowd(field, 4 << 20, folder)
        result = measured([str(mcc.program), str(model), "-emit=none", "-o", "/dev/null"], 6 * SECONDS)
        limit = small.peak_bytes + (64 << 20) + 16 * model.stat().st_size
        if result.code not in (0, 65) or result.peak_bytes > limit:
            failures.append(f"{name}: exit code {result.code}, {result.peak_bytes >> 20} MiB of {limit >> 20}")
    assert not failures, "\n".join(failures)
