"""What a model costs: operations, bytes of constants, and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, inliner, numpy_helper

FOLD_BUDGET = 64 << 10
"""What folding may add to the bytes of a small model."""


def operation_types(model: ModelProto) -> list[str]:
    """The types of the operations of a model whose functions are inlined, subgraphs included, constants not."""

    def types(graph: GraphProto) -> Iterator[str]:
        for node in graph.node:
            if node.op_type != "Constant":
                yield node.op_type
            for attribute in node.attribute:
                if attribute.type == AttributeProto.GRAPH:
                    yield from types(attribute.g)

    return list(types((inliner.inline_local_functions(model) if model.functions else model).graph))


def operation_count(model: ModelProto) -> int:
    """How many operations a model has, by `operation_types`."""
    return len(operation_types(model))


@dataclass(frozen=True)
class Costs:
    """`multiply_adds` is `None` where an extent is not known."""

    operations: int
    bytes: int
    multiply_adds: int | None

    def more_than(self, other: Costs) -> str | None:
        """What this has more of than `other`, in words; `None` where it has no more of anything."""
        if self.operations > other.operations:
            return f"{other.operations} operations became {self.operations}"
        if self.bytes > other.bytes + FOLD_BUDGET:
            return f"{other.bytes} bytes became {self.bytes}"
        known = self.multiply_adds is not None and other.multiply_adds is not None
        if known and self.multiply_adds > other.multiply_adds:
            return f"{other.multiply_adds} multiply-adds became {self.multiply_adds}"
        return None


def costs(model: ModelProto) -> Costs:
    """What `model` costs."""
    return Costs(operation_count(model), constant_bytes(model.graph), multiply_adds(model))


def constant_bytes(graph: GraphProto) -> int:
    """The bytes of the constants of a graph and the graphs in it."""
    tensors = [*graph.initializer]
    total = 0
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                tensors.append(attribute.t)
            elif attribute.type == AttributeProto.GRAPH:
                total += constant_bytes(attribute.g)
    return total + sum(prod(tensor.dims) * width(tensor) for tensor in tensors)


def width(tensor: TensorProto) -> int:
    """The bytes of an element; of a text, nothing."""
    kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    return kind.itemsize if kind.kind != "O" else 0


def multiply_adds(model: ModelProto) -> int | None:
    """Those of the main graph's products and convolutions."""
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except onnx.shape_inference.InferenceError:
        return None
    shapes = {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
    for node in inferred.node:
        if node.op_type == "Constant" and node.attribute[0].type == AttributeProto.TENSOR:
            shapes[node.output[0]] = numpy_helper.to_array(node.attribute[0].t).shape
    for value in [*inferred.input, *inferred.output, *inferred.value_info]:
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(axis.HasField("dim_value") for axis in kind.shape.dim):
            shapes[value.name] = tuple(axis.dim_value for axis in kind.shape.dim)
    each = [of_node(node, shapes) for node in inferred.node]
    return None if None in each else sum(each)


def of_node(node: NodeProto, shapes: dict[str, tuple[int, ...]]) -> int | None:
    """The multiply-adds of one operation; `None` where an extent is not known."""
    names = {
        "Conv": [node.output[0], *node.input[1:2]],
        "ConvTranspose": node.input[:2],
        "MatMul": [node.output[0], *node.input[:1]],
        "Gemm": [node.output[0], *node.input[:1]],
        "Einsum": node.input,
        "Attention": node.input[:3],
    }.get(node.op_type)
    if names is None:
        return 0
    known = [shapes.get(name) for name in names]
    if None in known:
        return None
    match node.op_type:
        case "Conv" | "ConvTranspose":
            return prod(known[0]) * prod(known[1][1:])
        case "MatMul":
            return prod(known[0]) * (known[1][-1] if known[1] else 1)
        case "Gemm":
            depth = {a.name: a.i for a in node.attribute}.get("transA", 0)
            return prod(known[0]) * known[1][0 if depth else 1]
        case "Attention":
            return 2 * prod(known[0]) * known[1][-2]
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation").replace(" ", "")
    if "." in equation:
        return None
    letters = {}
    for term, shape in zip(equation.split("->")[0].split(","), known, strict=True):
        letters.update(zip(term, shape, strict=True))
    return prod(letters.values())
