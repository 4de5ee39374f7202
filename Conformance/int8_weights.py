"""Finds the int8 weights of a model that `quant8` wrote, and judges them against the floats they stand for.

Nothing is taken from names that mcc makes up: a weight is found from the operations that used it in the source model,
whose results keep their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, helper

from samples import Axes, weights

WEIGHT_ERROR = 0.5 + 2.0**-16  # in scales
SCALE_EXCESS = 1 + 2.0**-22
SMALLEST_SCALE = float(np.finfo(np.float32).tiny)
INTEGER_PRODUCTS = ("MatMulInteger", "ConvInteger")


@dataclass(frozen=True)
class Encoding:
    """Integers and scales that stand for a weight; the scales are spread over the integers."""

    name: str  # of the int8 constant
    integers: np.ndarray
    scales: np.ndarray

    def reshaped(self, shape: tuple[int, ...]) -> Encoding:
        return Encoding(self.name, self.integers.reshape(shape), self.scales.reshape(shape))

    def transposed(self) -> Encoding:
        return Encoding(self.name, self.integers.T, self.scales.T)

    @property
    def values(self) -> np.ndarray:
        """What the weight became, in double."""
        return self.integers * self.scales.astype(np.float64)


def operations(graph: GraphProto) -> Iterator[NodeProto]:
    """All operations, each before those of its subgraphs."""
    for operation in graph.node:
        yield operation
        for attribute in operation.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from operations(attribute.g)


def attribute(operation: NodeProto, name: str, default: object) -> object:
    return next((helper.get_attribute_value(a) for a in operation.attribute if a.name == name), default)


class Tracer:
    """Follows values of a compiled model back to their constants."""

    def __init__(self, model: ModelProto) -> None:
        self.constants = weights(model)
        self.producers = {name: operation for operation in operations(model.graph) for name in operation.output if name}

    def producer(self, name: str, through: tuple[str, ...] = ()) -> NodeProto | None:
        """The operation that computes a value, or what comes before operations `through` which the value passes."""
        operation = self.producers.get(name)
        while operation is not None and operation.op_type in through:
            operation = self.producers.get(operation.input[0])
        return operation

    def weight(self, user: NodeProto, index: int) -> Encoding | None:
        """The encoding of what was operand `index` of an operation of the source; None where it is not encoded."""
        compiled = self.producer(user.output[0])
        if compiled is not None and compiled.op_type == user.op_type:
            rows = user.op_type == "Gather" and attribute(user, "axis", 0) == 0
            assert not rows, f"{user.name} gathers from a table that was decoded as a whole"
            return self.decoded(compiled.input[index])
        return self.gathered(user) if user.op_type == "Gather" else self.multiplied(user)

    def decoded(self, name: str) -> Encoding | None:
        """The encoding behind DequantizeLinear, and behind what changes only its type or shape."""
        operation = self.producer(name, through=("Cast", "Identity"))
        if operation is None:
            return None
        if operation.op_type == "Reshape":
            inner = self.decoded(operation.input[0])
            return inner and inner.reshaped(tuple(self.constants[operation.input[1]]))
        if operation.op_type != "DequantizeLinear" or operation.input[0] not in self.constants:
            return None
        integers, scales = self.constants[operation.input[0]], self.constants[operation.input[1]]
        if len(operation.input) > 2 and operation.input[2]:
            assert not self.constants[operation.input[2]].any(), f"{operation.name} has zero points"
        if scales.ndim == 1:
            axis = int(attribute(operation, "axis", 1))
            assert scales.size == integers.shape[axis], f"{operation.name} has {scales.size} scales on axis {axis}"
            scales = spread(scales, integers.ndim, axis)
        return Encoding(operation.input[0], integers, np.broadcast_to(scales, integers.shape))

    def gathered(self, user: NodeProto) -> Encoding | None:
        """The encoding of a table whose rows are decoded after they were gathered: Mul(Cast(Gather), Gather)."""
        product = self.producer(user.output[0], through=("Cast",))
        if product is None or product.op_type != "Mul":
            return None
        integers, scales, name = None, None, ""
        for operand in product.input:
            gather = self.producer(operand, through=("Cast", "Unsqueeze", "Reshape"))
            if gather is None:
                scales = self.constants[operand]
                continue
            assert gather.op_type == "Gather", f"{user.name}: {gather.op_type} where a Gather was expected"
            assert gather.input[1] == user.input[1], f"{user.name} gathers by {gather.input[1]}"
            table = self.constants[gather.input[0]]
            if table.dtype == np.int8:
                assert attribute(gather, "axis", 0) == attribute(user, "axis", 0), f"{user.name} gathers another axis"
                integers, name = table, gather.input[0]
            else:
                scales = table
        if integers is None or scales is None:
            return None
        return Encoding(name, integers, np.broadcast_to(spread(scales, integers.ndim, 0), integers.shape))

    def multiplied(self, user: NodeProto) -> Encoding | None:
        """The encoding of a weight of an integer product: Add(Mul(Cast(product), Mul(input's scale, scales)), bias)."""
        result = self.producer(user.output[0])
        if result is not None and result.op_type == "Add":
            result = next(filter(None, map(self.producer, result.input)), None)
        if result is None or result.op_type != "Mul":
            return None
        product, scale = (self.producer(name, through=("Cast",)) for name in result.input)
        if product is None or scale is None:
            return None
        if product.op_type not in INTEGER_PRODUCTS:
            product, scale = scale, product
        if product.op_type not in INTEGER_PRODUCTS or scale.op_type != "Mul":
            return None
        self.check_input(user, product, scale)
        integers, zero_point = self.constants[product.input[1]], self.constants[product.input[3]]
        assert integers.dtype == np.uint8 and zero_point == 128, f"{user.name} multiplies by {integers.dtype}"
        integers = (integers ^ zero_point).view(np.int8)
        scales = next(self.constants[name] for name in scale.input if name in self.constants)
        if product.op_type == "ConvInteger":
            scales = spread(scales, integers.ndim, 0)
        scales = scales / np.float64(attribute(user, "alpha", 1.0))
        encoding = Encoding(product.input[1], integers, np.broadcast_to(scales, integers.shape))
        return encoding.transposed() if user.op_type == "Gemm" and attribute(user, "transB", 0) else encoding

    def check_input(self, user: NodeProto, product: NodeProto, scale: NodeProto) -> None:
        """The product's other operand, its zero point and its scale come from one DynamicQuantizeLinear."""
        quantize = self.producer(product.input[0])
        assert quantize is not None and quantize.op_type == "DynamicQuantizeLinear", f"{user.name}: no quantized input"
        assert quantize.input[0] == user.input[0], f"{user.name} multiplies {quantize.input[0]}"
        assert product.input[0] == quantize.output[0] and product.input[2] == quantize.output[2], user.name
        assert quantize.output[1] in scale.input, f"{user.name} is not scaled by its input's scale"


def spread(scales: np.ndarray, rank: int, axis: int) -> np.ndarray:
    """Scales along one axis, or a single one, so that they broadcast over a tensor."""
    return scales.reshape([-1 if a == axis % rank else 1 for a in range(rank)])


def uses(model: ModelProto, name: str) -> Iterator[tuple[NodeProto, int]]:
    """The operations that have the value as an operand, and as which."""
    for operation in operations(model.graph):
        for index, operand in enumerate(operation.input):
            if operand == name:
                yield operation, index


def judge_weight(name: str, weight: np.ndarray, encoding: Encoding, axes: Axes) -> None:
    """Raises unless the encoding is within its bounds of the weight, whose channels lie along `axes`."""
    exact = weight.astype(np.float64)
    integers, scales = encoding.integers, encoding.scales.astype(np.float64)
    assert integers.dtype == np.int8, f"{name} became {integers.dtype}"
    assert integers.shape == weight.shape, f"{name} of {weight.shape} became {integers.shape}"
    assert integers.min() >= -127, f"{name} holds -128"
    assert np.isfinite(scales).all() and (scales > 0).all(), f"{name} has scales that are not positive"
    others = tuple(axis for axis in range(weight.ndim) if axis not in axes)
    assert (np.ptp(scales, axis=others) == 0).all(), f"{name} has several scales in one channel of axes {axes}"
    largest = np.abs(exact).max(axis=others, keepdims=True) / 127
    excess = scales / np.maximum(largest * SCALE_EXCESS, SMALLEST_SCALE)
    unneeded = (excess > 1) & ~((largest < SMALLEST_SCALE) & (scales == 1))
    assert not unneeded.any(), f"{name}: a scale is {excess.max():.8g} x what its channel on {axes} needs"
    error = np.abs(exact - encoding.values) / scales
    place = np.unravel_index(error.argmax(), error.shape)
    assert error.max() <= WEIGHT_ERROR, f"{name}{list(map(int, place))} is off by {error.max():.8f} scales"


def judge_encodings(source: ModelProto, compiled: ModelProto, axes: dict[str, Axes]) -> dict[str, Encoding]:
    """Raises unless just the weights that `axes` names are encoded, well, once each; returns their encodings."""
    tracer, found = Tracer(compiled), {}
    for name, weight in weights(source).items():
        if name not in axes:
            kept = tracer.constants.get(name)
            assert kept is not None, f"{name} is gone"
            assert kept.dtype == weight.dtype and kept.tobytes() == weight.tobytes(), f"{name} was to stay as it is"
            continue
        assert name not in tracer.constants, f"{name} is still there as {weight.dtype}"
        for user, index in uses(source, name):
            encoding = tracer.weight(user, index)
            assert encoding is not None, f"{user.name} does not use an int8 form of {name}"
            judge_weight(name, weight, encoding, axes[name])
            found.setdefault(name, encoding)
    return found
