"""Compiled without passes, a model is an equal model, also by way of .mcb and .mir."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from check_quant8 import source
from equality import assert_equal
from mcc import REPOSITORY, Mcc
from runtime import outputs
from samples import Sample, each, normal, samples

DIGITS = REPOSITORY / "examples" / "digits.onnx"
SUFFIXES = ("onnx", "mcb", "mir")


def returned(mcc: Mcc, path: Path, suffix: str) -> Path:
    """The model at `path` after a way through a file of that suffix."""
    once = mcc.compile(path, path.with_name(f"once.{suffix}"))
    return mcc.compile(once, path.with_name("twice.onnx"))


def check_samples(mcc: Mcc, folder: Path) -> None:
    """Small models of many operators are equal models, and ONNX Runtime computes the same bits."""

    def judge(sample: Sample) -> None:
        path = source(sample, folder)
        for suffix in SUFFIXES:
            back = returned(mcc, path, suffix)
            assert_equal(path, back)
            onnx.checker.check_model(onnx.load(back), full_check=True)
            if sample.runs:
                assert_same_bits(outputs(back, sample.feeds), outputs(path, sample.feeds))

    each(samples(), judge)


def check_digits(mcc: Mcc, folder: Path) -> None:
    """So is the example."""
    path = folder / DIGITS.name
    path.write_bytes(DIGITS.read_bytes())
    feeds = {"image": normal("image", 3, 1, 32, 32)}
    for suffix in SUFFIXES:
        back = returned(mcc, path, suffix)
        assert_equal(path, back)
        assert_same_bits(outputs(back, feeds), outputs(path, feeds))


def check_quantized(mcc: Mcc, folder: Path) -> None:
    """What the passes wrote is such a model, too."""
    path = mcc.compile(DIGITS, folder / "digits.onnx", "-passes=prune,quant8")
    for suffix in SUFFIXES:
        assert_equal(path, returned(mcc, path, suffix))


def assert_same_bits(results: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype == wanted.dtype and result.shape == wanted.shape
        assert result.tobytes() == wanted.tobytes(), "outputs have other bits"
