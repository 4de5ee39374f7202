"""`quant8{activations=dynamic}` computes products of float32 weights in integers, exactly as the operators say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto

from check_quant8 import compiled, decoded
from int8_weights import INTEGER_PRODUCTS, Tracer, attribute, judge_encodings, operations, uses
from mcc import Mcc
from runtime import LEVELS, distance, outputs
from samples import Sample, each, samples, weights

PASS = "-passes=quant8{activations=dynamic}"
ACTIVATION_ERROR = 0.03  # of outputs, with random inputs: what 8 bits an input cost
ROUNDING = 1e-5  # of sums taken in another order, and of scales multiplied before or after


def is_integer(user: NodeProto, index: int, shared: bool) -> bool:
    """Whether an integer operation can take the place of `user`, whose weight, perhaps a shared one, is operand `index`.

    MatMulInteger transposes nothing, so that a Gemm which does needs a copy of its weight.
    """
    if user.op_type == "Gemm":
        turned = attribute(user, "transA", 0) or (shared and attribute(user, "transB", 0))
        return index == 1 and not turned and attribute(user, "beta", 1.0) == 1
    return user.op_type in ("Conv", "MatMul") and index == 1


def check_weights(mcc: Mcc, folder: Path) -> None:
    """Weights keep their bounds and axes, and each product that can is one of integers."""

    def judge(sample: Sample) -> None:
        model = onnx.load(compiled(mcc, sample, folder, PASS))
        onnx.checker.check_model(model, full_check=True)
        judge_encodings(sample.model, model, sample.axes)
        tracer, values = Tracer(model), weights(sample.model)
        for name in sample.axes:
            users = list(uses(sample.model, name))
            for user, index in users:
                if values[name].dtype == np.float32 and is_integer(user, index, len(users) > 1):
                    stays = tracer.producers[user.output[0]].op_type == user.op_type
                    assert not stays, f"{user.name} still computes in float"

    each(samples(), judge)


def check_inputs_are_shared(mcc: Mcc, folder: Path) -> None:
    """An input of several products is quantized once."""
    (sample,) = samples("one_input")
    kinds = [operation.op_type for operation in operations(onnx.load(compiled(mcc, sample, folder, PASS)).graph)]
    assert kinds.count("DynamicQuantizeLinear") == 1, kinds
    assert kinds.count("MatMulInteger") == 2, kinds


def rounded(x: np.ndarray) -> np.ndarray:
    """What DynamicQuantizeLinear leaves of `x`."""
    low, high = np.minimum(x.min(), 0), np.maximum(x.max(), 0)
    scale = np.float32((high - low) / np.float32(255))
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return ((np.clip(np.rint(x / scale) + zero, 0, 255) - zero) * scale).astype(np.float32)


def check_exact(mcc: Mcc, folder: Path) -> None:
    """A single product is that of the rounded input and the decoded weight."""

    def judge(sample: Sample) -> None:
        after = compiled(mcc, sample, folder, PASS)
        model = onnx.load(after)
        exact = replace(sample, feeds={"x": rounded(sample.feeds["x"])})
        expected = outputs(decoded(exact, judge_encodings(sample.model, model, sample.axes)), exact.feeds)
        assert any(operation.op_type in INTEGER_PRODUCTS for operation in model.graph.node)
        for level in LEVELS:
            error = distance(outputs(after, sample.feeds, level), expected)
            assert error <= ROUNDING, f"{level.name}: outputs off by {error:.2g}"

    products = ["matmul", "matmul_batched_input", "matmul_rank3", "gemm", "gemm_transb", "gemm_alpha"]
    convolutions = ["conv1d", "conv2d", "conv3d", "depthwise", "grouped"]
    each(samples(*products, *convolutions), judge)


def check_runtime(mcc: Mcc, folder: Path) -> None:
    """ONNX Runtime runs the models at every level, with outputs close to those of the floats."""

    def judge(sample: Sample) -> None:
        expected = outputs(sample.model, sample.feeds)
        after = compiled(mcc, sample, folder, PASS)
        for level in LEVELS:
            error = distance(outputs(after, sample.feeds, level), expected)
            assert error <= ACTIVATION_ERROR, f"{level.name}: outputs off by {error:.2g}"

    each((sample for sample in samples() if sample.runs), judge)


def check_survives(mcc: Mcc, folder: Path) -> None:
    """The integer operations are there after `fold` and `simplify`, and compute the same."""

    def judge(sample: Sample) -> None:
        quantized = compiled(mcc, sample, folder, PASS)
        before, expected = products(quantized), outputs(quantized, sample.feeds)
        simplified = compiled(mcc, sample, folder, f"{PASS},fold,simplify")
        error = distance(outputs(simplified, sample.feeds), expected)
        assert error <= ROUNDING, f"outputs moved by {error:.2g}"
        assert products(simplified) == before, f"{before} integer products became {products(simplified)}"

    def products(path: Path) -> int:
        return sum(operation.op_type in INTEGER_PRODUCTS for operation in operations(onnx.load(path).graph))

    each((sample for sample in samples() if sample.runs), judge)
