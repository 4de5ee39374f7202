"""A model that comes back from .onnx, .mcb or .mir is an equal model, whatever its weights are, also a compiled one."""

from __future__ import annotations

from pathlib import Path

import roundtrip
from check_quant8 import source
from mcc import REPOSITORY, Mcc
from runtime import assert_same_bits, outputs
from samples import Sample, each, normal, samples

DIGITS = REPOSITORY / "examples" / "digits.onnx"
WAYS = ("onnx", "mcb", "mir")


def check_samples(mcc: Mcc, folder: Path) -> None:
    """Small models are equal models, and ONNX Runtime computes the same bits."""

    def judge(sample: Sample) -> None:
        path = source(sample, folder)
        for way in WAYS:
            back = roundtrip.check(mcc, path, folder, way)
            if sample.runs:
                assert_same_bits(outputs(back, sample.feeds), outputs(path, sample.feeds))

    each(samples(), judge)


def check_example(mcc: Mcc, folder: Path) -> None:
    """So is the example, and what the passes make of it."""
    feeds = {"image": normal("image", 3, 1, 32, 32)}
    compiled = mcc.compile(DIGITS, folder / "compiled.onnx", "-passes=prune,quant8")
    for path in (DIGITS, compiled):
        for way in WAYS:
            back = roundtrip.check(mcc, path, folder, way)
            assert_same_bits(outputs(back, feeds), outputs(path, feeds))
