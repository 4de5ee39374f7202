"""Each rewrite of `simplify` happens where it may, nowhere else, and changes no output; with -numerics=exact, no bit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto

from check_simplify import PASSES, differs, judge, node_tests, run
from mcc import Mcc
from rewrites import REWRITES, TRAPS, Rewrite
from samples import Sample, each

EXACT = ("-passes=simplify", "-numerics=exact")
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38)


def operators(model: ModelProto) -> list[str]:
    """The operators of the main graph, in order."""
    return [node.op_type for node in model.graph.node if node.op_type != "Constant"]


def each_rewrite(rewrites: list[Rewrite], judge_one: Callable[[Rewrite], None]) -> None:
    """Judges each; failures are told as those of samples are."""
    named = {rewrite.name: rewrite for rewrite in rewrites}
    assert len(named) == len(rewrites), "two have one name"
    each((Sample(name, ModelProto(), {}, {}) for name in named), lambda sample: judge_one(named[sample.name]))


def check_left(mcc: Mcc, folder: Path) -> None:
    """What is left is what must be left, computes the same for inputs of several kinds, and is left the second time."""

    def judge_one(rewrite: Rewrite) -> None:
        first, *others = rewrite.samples()
        after = judge(mcc, first, folder, *PASSES, *rewrite.options)
        wanted = operators(first.model) if rewrite.left is None else rewrite.left.split()
        assert operators(after) == wanted, f"{operators(after)} are left, not {wanted}"
        again = mcc.compile(folder / "after.onnx", folder / "again.onnx", *PASSES, *rewrite.options)
        assert again.read_bytes() == (folder / "after.onnx").read_bytes(), "the second time, something else is left"
        special = with_special_values(first.feeds)
        assert keeps_signs(run(after, special), run(first.model, special)), "a zero has the other sign"
        for sample in others:
            reason = differs(run(after, sample.feeds), run(sample.model, sample.feeds))
            assert reason is None, f"{sample.name}: {reason}"

    each_rewrite(REWRITES + TRAPS, judge_one)


def with_special_values(feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same inputs with the numbers in between that are not like others."""
    special = {}
    for name, values in feeds.items():
        special[name] = values
        if isinstance(values, np.ndarray) and values.dtype == np.float32 and values.size:
            special[name] = values.copy()
            places = special[name].reshape(-1)[:: max(values.size // len(SPECIAL), 1)]
            places[:] = np.resize(SPECIAL, places.size)
    return special


def keeps_signs(results: list | None, wanted: list | None) -> bool:
    """Whether zeros have the same sign where outputs of single precision are zeros in both."""
    floats = [pair for pair in zip(results or [], wanted or [], strict=True) if getattr(pair[1], "dtype", None) == np.float32]
    return all(not ((a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b))).any() for a, b in floats)


def bits(value: object) -> object:
    """What of an output must stay: all bits, of NaN that it is one."""
    if not isinstance(value, np.ndarray):
        return [bits(element) for element in value] if isinstance(value, list) else value
    if value.dtype.kind in "OSU":
        return value.tolist()
    whole = np.array(value)
    if whole.dtype.kind in "fc":
        whole[np.isnan(whole)] = np.nan
    return whole.dtype, whole.shape, whole.tobytes()


def exhaustive() -> Iterator[Sample]:
    """All node tests, where MCC_EXHAUSTIVE asks for them: they take minutes.

    But for half precision: the runtime computes parts of such a model in single precision, and which those are depends on
    its operations.
    """
    if "MCC_EXHAUSTIVE" in os.environ:
        yield from (sample for sample in node_tests() if "fp16" not in sample.name)


def check_exact(mcc: Mcc, folder: Path) -> None:
    """With -numerics=exact, all outputs keep their bits, whatever the inputs."""

    def judge_one(sample: Sample) -> None:
        source, target = folder / "before.onnx", folder / "after.onnx"
        onnx.save(sample.model, source)
        after = onnx.load(mcc.compile(source, target, *EXACT))
        for feeds in (sample.feeds, with_special_values(sample.feeds)):
            wanted = run(sample.model, feeds)
            if wanted is None:
                continue
            results = run(after, feeds)
            assert results is not None, "nothing runs the result"
            assert bits(list(results)) == bits(list(wanted)), "outputs have other bits"

    firsts = (next(rewrite.samples()) for rewrite in REWRITES + TRAPS if rewrite.runs)
    each(firsts, judge_one)
    each(exhaustive(), judge_one)
