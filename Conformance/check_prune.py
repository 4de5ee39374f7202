"""`prune` zeroes exactly what it says: the smallest magnitudes, ties by position, and not a bit of anything else."""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import numpy_helper

from check_quant8 import compiled, source
from mcc import Mcc
from samples import Draft, Sample, each, node, normal, samples, weights

HALVES = (np.float16, ml_dtypes.bfloat16)
TYPES = (np.float32, *HALVES)
SUM_ROUNDING = Fraction(1, 10**9)  # what a sum of squares in double may be off by


def bits(values: np.ndarray) -> np.ndarray:
    """The values as unsigned integers of their size, flat."""
    return np.ascontiguousarray(values).reshape(-1).view(f"u{values.itemsize}")


def order(values: np.ndarray) -> np.ndarray:
    """The places of the elements by magnitude, ties by position; exact, as magnitudes sort as their bits do."""
    magnitudes = bits(values) & (np.iinfo(f"u{values.itemsize}").max >> 1)
    return np.argsort(magnitudes, kind="stable")


def judge_cut(before: np.ndarray, after: np.ndarray, count: int) -> None:
    """Raises unless the `count` smallest elements are zero and the others have their bits."""
    assert after.dtype == before.dtype and after.shape == before.shape, f"became {after.dtype}{after.shape}"
    places = order(before)
    zeros, kept = places[:count], places[count:]
    left = np.flatnonzero(after.reshape(-1)[zeros])
    assert left.size == 0, f"{left.size} of the {count} smallest elements are not zero"
    changed = np.flatnonzero(bits(after)[kept] != bits(before)[kept])
    assert changed.size == 0, f"{changed.size} elements beyond the {count} smallest changed"


def squares(values: np.ndarray) -> list[Fraction]:
    """The squares of the elements, smallest first, exactly."""
    return [Fraction(float(value)) ** 2 for value in values.reshape(-1)[order(values)]]


def judge_budget(before: np.ndarray, after: np.ndarray, error: float) -> None:
    """Raises unless as many of the smallest elements are zero as ||dw|| <= error * ||w|| allows, and not one more."""
    lost = [Fraction(0), *accumulate(squares(before))]
    budget = Fraction(error) ** 2 * lost[-1]
    fewest, most = (bisect_right(lost, budget * (1 + sign * SUM_ROUNDING)) - 1 for sign in (-1, 1))
    zeros = int(np.count_nonzero(after == 0))
    judge_cut(before, after, min(max(zeros, fewest), most))


def layer(values: np.ndarray, name: str) -> Sample:
    """A product with that weight, and a bias that looks like one."""
    dtype = values.dtype
    draft = Draft(
        [node("MatMul", "x w", "h"), node("Add", "h b")],
        {"w": values, "b": normal("b", values.shape[1]).astype(dtype)},
        {"x": normal("x", 3, values.shape[0]).astype(dtype)},
        {},
        {"y": dtype},
    )
    return draft.sample(name)


def layers() -> list[Sample]:
    """Weights of each type, with ties, zeros of both signs, denormals and infinities."""
    found = []
    for dtype in TYPES:
        name = np.dtype(dtype).name
        plain = normal("w", 61, 53).astype(dtype)
        tied = (np.round(normal("w", 64, 50) * 4) / 4).astype(dtype)
        special = normal("w", 59, 47).astype(dtype)
        flat = special.reshape(-1)
        info = ml_dtypes.finfo(dtype)
        flat[::7], flat[3::11] = -0.0, 0.0
        flat[5::13], flat[6::17] = info.smallest_subnormal, -info.smallest_subnormal
        flat[1::501] = info.tiny
        found += [layer(plain, f"plain_{name}"), layer(tied, f"tied_{name}"), layer(special, f"special_{name}")]
    return found


def judge_others(sample: Sample, model: onnx.ModelProto) -> None:
    """Raises unless the model is what it was but for its weight `w`."""
    left, right = (onnx.ModelProto.FromString(each.SerializeToString()) for each in (sample.model, model))
    for each in (left, right):
        for tensor in each.graph.initializer:
            if tensor.name == "w":
                tensor.raw_data = b""
    assert left.SerializeToString(deterministic=True) == right.SerializeToString(deterministic=True), "all else changed"


def check_sparsity(mcc: Mcc, folder: Path) -> None:
    """Exactly floor(s * n) elements become zero, those that were zero before included."""

    def judge(sample: Sample) -> None:
        before = weights(sample.model)["w"]
        for sparsity in ("0", "0.125", "0.5", "0.75", "0.999", "1"):
            model = onnx.load(compiled(mcc, sample, folder, f"-passes=prune{{sparsity={sparsity}}}"))
            after = weights(model)["w"]
            count = math.floor(Fraction(sparsity) * before.size)
            zeros = max(count, np.count_nonzero(before == 0))
            assert np.count_nonzero(after == 0) == zeros, f"{sparsity}: {np.count_nonzero(after == 0)}, not {zeros}"
            judge_cut(before, after, count)
            judge_others(sample, model)

    each(layers(), judge)


def check_infinities(mcc: Mcc, folder: Path) -> None:
    """Infinities are the largest magnitudes; a weight whose norm is not finite has no budget and stays."""

    def judge(sample: Sample) -> None:
        before = weights(sample.model)["w"].copy()
        before[7, 5], before[40, 3] = np.inf, -np.inf
        sample.model.graph.initializer[0].CopyFrom(numpy_helper.from_array(before, "w"))
        for options, count in (("{sparsity=0.5}", before.size // 2), ("", 0)):
            after = compiled(mcc, sample, folder, f"-passes=prune{options}")
            judge_cut(before, weights(onnx.load(after))["w"], count)

    each((sample for sample in layers() if sample.name.startswith("plain")), judge)


def check_budget(mcc: Mcc, folder: Path) -> None:
    """`max-error` bounds the norm of what is lost, and nothing more could go; it is 0.05 by default."""

    def judge(sample: Sample) -> None:
        before = weights(sample.model)["w"]
        for option, error in (("", 0.05), ("{max-error=0.3}", 0.3), ("{max-error=0}", 0.0), ("{max-error=1}", 1.0)):
            model = onnx.load(compiled(mcc, sample, folder, f"-passes=prune{option}"))
            judge_budget(before, weights(model)["w"], error)
            judge_others(sample, model)

    each(layers(), judge)


def check_threshold(mcc: Mcc, folder: Path) -> None:
    """`threshold` zeroes what is below it, and not what is as large."""

    def judge(sample: Sample) -> None:
        before = weights(sample.model)["w"]
        for threshold in (0.25, 0.5, 2.0**-100, 0.0):
            model = onnx.load(compiled(mcc, sample, folder, f"-passes=prune{{threshold={threshold!r}}}"))
            count = int(np.count_nonzero(np.abs(before.astype(np.float64)) < threshold))
            judge_cut(before, weights(model)["w"], count)

    each(layers(), judge)


def check_scope(mcc: Mcc, folder: Path) -> None:
    """`scope=global` chooses the smallest of all weights together, whatever their sizes."""
    (sample,) = samples("network")
    before = weights(sample.model)
    names = list(sample.axes)
    together = np.concatenate([before[name].reshape(-1) for name in names])
    for option in ("sparsity=0.5", "max-error=0.2", "threshold=0.1"):
        path = compiled(mcc, sample, folder, f"-passes=prune{{scope=global:{option}}}")
        after = weights(onnx.load(path))
        joined = np.concatenate([after[name].reshape(-1) for name in names])
        if option.startswith("sparsity"):
            judge_cut(together, joined, together.size // 2)
        elif option.startswith("max-error"):
            judge_budget(together, joined, 0.2)
        else:
            judge_cut(together, joined, int(np.count_nonzero(np.abs(together.astype(np.float64)) < 0.1)))
        for name in before.keys() - set(names):
            assert after[name].tobytes() == before[name].tobytes(), f"{name} changed"


def check_weights(mcc: Mcc, folder: Path) -> None:
    """The weights that `quant8` would encode are those that are pruned, wherever they are."""

    def judge(sample: Sample) -> None:
        model = onnx.load(compiled(mcc, sample, folder, "-passes=prune{sparsity=0.5}"))
        onnx.checker.check_model(model, full_check=True)
        before, after = weights(sample.model), weights(model)
        assert before.keys() == after.keys()
        for name, weight in before.items():
            if name in sample.axes:
                judge_cut(weight, after[name], weight.size // 2)
            elif weight.size < 1024 or weight.dtype == np.int8:
                assert weight.tobytes() == after[name].tobytes(), f"{name} changed"

    each((sample for sample in samples() if sample.name not in ("default",)), judge)


def check_default_stays(mcc: Mcc, folder: Path) -> None:
    """A default that callers may override is no constant."""
    (sample,) = samples("default")
    after = compiled(mcc, sample, folder, "-passes=prune{sparsity=0.5}")
    assert weights(onnx.load(after))["w"].tobytes() == weights(sample.model)["w"].tobytes()


def check_filters(mcc: Mcc, folder: Path) -> None:
    """Globs and `min-elements` choose weights; a glob that matches nothing is an error."""
    (sample,) = samples("network")
    before = weights(sample.model)
    features, hidden, head = sample.axes
    expected = {
        "include=head.*": [head],
        "exclude=Conv*": [hidden, head],
        "include=h*.weight:exclude=head*": [hidden],
        "min-elements=1537": [hidden],
        "min-elements=1536": [hidden, head],
        "min-elements=1": [features, hidden, head],
    }
    for options, names in expected.items():
        after = weights(onnx.load(compiled(mcc, sample, folder, f"-passes=prune{{sparsity=0.5:{options}}}")))
        for name, weight in before.items():
            judge_cut(weight, after[name], weight.size // 2 if name in names else 0)
    output = folder / "output.onnx"
    result = mcc.run(source(sample, folder), "-passes=prune{include=nothing*}", "-o", output)
    assert result.returncode in (64, 65) and b"nothing*" in result.stderr, result
    assert not output.exists()


def check_refuses(mcc: Mcc, folder: Path) -> None:
    """A NaN is refused by its weight's name; `exclude` leaves it out."""

    def judge(sample: Sample) -> None:
        values = weights(sample.model)["w"]
        output = folder / "refused.onnx"
        for sign in (1, -1):
            for place in (0, values.size // 2 + 1, values.size - 1):
                spoilt = values.copy()
                spoilt.reshape(-1)[place] = sign * np.nan
                sample.model.graph.initializer[0].CopyFrom(numpy_helper.from_array(spoilt, "w"))
                path = source(sample, folder)
                for options in ("", "{sparsity=0.5}", "{threshold=0.1}", "{scope=global:sparsity=0.5}"):
                    result = mcc.run(path, f"-passes=prune{options}", "-o", output)
                    assert result.returncode == 65, f"prune{options}, NaN at {place}: exit code {result.returncode}"
                    assert b"'w'" in result.stderr and b"NaN" in result.stderr, result.stderr
                    assert not output.exists()
        kept = weights(onnx.load(compiled(mcc, sample, folder, "-passes=prune{exclude=w}")))["w"]
        assert kept.tobytes() == spoilt.tobytes()

    each((sample for sample in layers() if sample.name.startswith("plain")), judge)


def check_again(mcc: Mcc, folder: Path) -> None:
    """A second run to the same sparsity or threshold changes nothing."""
    (sample,) = samples("network")
    for options in ("sparsity=0.5", "threshold=0.1", "scope=global:sparsity=0.5"):
        once = compiled(mcc, sample, folder, f"-passes=prune{{{options}}}")
        twice = mcc.compile(once, folder / "twice.onnx", f"-passes=prune{{{options}}}")
        assert once.read_bytes() == twice.read_bytes(), options
