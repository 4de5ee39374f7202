"""Small models, made on the fly, that hold a weight in each place where weights are found.

Each says which of its weights `quant8` must encode and along which axes their channels lie, by the rules of ONNX alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import ml_dtypes
import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Axes = tuple[int, ...]
OPSET = 17
FAILURES_TOLD = 6


@dataclass(frozen=True)
class Sample:
    """A model, what to run it on, and its weights that become int8 with the axes of their channels."""

    name: str
    model: ModelProto
    feeds: dict[str, np.ndarray]
    axes: dict[str, Axes]
    runs: bool = True  # in ONNX Runtime

    def at(self, opset: int) -> Sample:
        """The same model as of another opset, in which its operators must say the same."""
        model = ModelProto()
        model.CopyFrom(self.model)
        model.opset_import[0].version = opset
        model.ir_version = helper.find_min_ir_version_for(model.opset_import)
        return replace(self, name=f"{self.name}@{opset}", model=model)


def normal(name: str, *shape: int, dtype: np.dtype = np.float32, scale: float = 1) -> np.ndarray:
    """Random values that depend on name and shape alone; rows along each axis differ in size, so that axes matter."""
    random = np.random.default_rng(zlib.crc32(repr((name, shape)).encode()))
    values = random.standard_normal(shape) * scale
    for axis, size in enumerate(shape):
        values *= np.exp2(random.uniform(-1, 1, size)).reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return values.astype(dtype)


def node(operator: str, inputs: str, output: str = "y", **attributes: object) -> NodeProto:
    """An operation; the names of its inputs are given in one string, `_` for one that is absent."""
    operands = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(operator, operands, output.split(), f"{operator}_of_{output.split()[0]}", **attributes)


@dataclass
class Draft:
    """What a sample is made of."""

    nodes: list[NodeProto]
    weights: dict[str, np.ndarray]
    feeds: dict[str, np.ndarray]
    axes: dict[str, Axes]
    outputs: dict[str, np.dtype] = field(default_factory=lambda: {"y": np.dtype(np.float32)})
    defaults: tuple[str, ...] = ()  # the weights that are inputs, too
    opset: int = OPSET
    ir_version: int | None = None
    runs: bool = True

    def graph(self, name: str) -> GraphProto:
        inputs = [(key, value) for key, value in self.feeds.items()] + [(key, self.weights[key]) for key in self.defaults]
        return helper.make_graph(
            self.nodes,
            name,
            [value_info(key, value.dtype, value.shape) for key, value in inputs],
            [value_info(key, dtype, self.shape(key)) for key, dtype in self.outputs.items()],
            [numpy_helper.from_array(values, key) for key, values in self.weights.items()],
        )

    def shape(self, output: str) -> tuple[int, ...] | None:
        """The shape of a weight that is an output; of other outputs it is inferred."""
        return self.weights[output].shape if output in self.weights else None

    def sample(self, name: str) -> Sample:
        opsets = [helper.make_opsetid("", self.opset)]
        version = self.ir_version or helper.find_min_ir_version_for(opsets)
        model = helper.make_model(self.graph(name), opset_imports=opsets, ir_version=version)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)  # models must say their outputs' shapes
        del model.graph.value_info[:]
        onnx.checker.check_model(model, full_check=True)
        return Sample(name, model, self.feeds, self.axes, self.runs)


def value_info(name: str, dtype: np.dtype, shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def convolution(operator: str, x: tuple[int, ...], w: tuple[int, ...], axis: int, **attributes: object) -> Draft:
    """One convolution with a bias a channel; its groups are as many as the weight leaves."""
    outputs = w[0] if operator == "Conv" else w[1] * int(attributes.get("group", 1))
    weights = {"w": normal("w", *w), "b": normal("b", outputs)}
    return Draft([node(operator, "x w b", **attributes)], weights, {"x": normal("x", *x)}, {"w": (axis,)})


def product(operator: str, x: tuple[int, ...], w: tuple[int, ...], axis: int, left: bool = False, **attributes) -> Draft:
    """One product of an input and a weight, in either order."""
    operands = "w x" if left else "x w"
    return Draft([node(operator, operands, **attributes)], {"w": normal("w", *w)}, {"x": normal("x", *x)}, {"w": (axis,)})


def gemm_with_bias(beta: float) -> Draft:
    """A scaled product and a scaled bias."""
    weights = {"w": normal("w", 32, 40), "b": normal("b", 32)}
    nodes = [node("Gemm", "x w b", transB=1, alpha=0.3, beta=beta)]
    return Draft(nodes, weights, {"x": normal("x", 3, 40)}, {"w": (0,)})


def recurrent(operator: str, gates: int, directions: int) -> Draft:
    """A recurrent layer of 24 units over 5 steps of 20 inputs."""
    weights = {
        "w": normal("w", directions, gates * 24, 20, scale=0.2),
        "r": normal("r", directions, gates * 24, 24, scale=0.2),
        "b": normal("b", directions, 2 * gates * 24, scale=0.2),
    }
    direction = "bidirectional" if directions == 2 else "forward"
    nodes = [node(operator, "x w r b", hidden_size=24, direction=direction)]
    eligible = {name: (0, 1) for name in "wr" if weights[name].size >= 1024}
    return Draft(nodes, weights, {"x": normal("x", 5, 2, 20)}, eligible)


INDICES = np.array([[0, 3, 63], [62, 3, 7]], np.int64)


def embedding(axis: int = 0, opset: int = OPSET, indices: np.ndarray = INDICES) -> Draft:
    """Rows, or with another axis columns, of a table."""
    nodes, table = [node("Gather", "i table", axis=axis)], {"table": normal("table", 64, 64)}
    nodes[0].input[:] = ["table", "i"]
    return Draft(nodes, table, {"i": indices}, {"table": (0,) if axis == 0 else ()}, opset=opset)


def tied(head: str) -> Draft:
    """An embedding whose table is the weight of the last product, too."""
    gather = node("Gather", "table i", "h")
    heads = {
        "gemm": [node("Gemm", "h table", transB=1)],
        "transpose": [node("Transpose", "table", "t", perm=[1, 0]), node("MatMul", "h t")],
        "left": [node("Transpose", "h", "t", perm=[1, 0]), node("MatMul", "table t")],
    }
    weights = {"table": normal("table", 64, 32)}
    return Draft([gather, *heads[head]], weights, {"i": INDICES[0]}, {"table": (0,)})


def half(operator: str, dtype: np.dtype, opset: int = OPSET) -> Draft:
    """Weights of half precision, and all else as they are."""
    if operator == "Gather":
        draft = embedding(opset=opset)
    elif operator == "Conv":
        draft = convolution("Conv", (1, 8, 9, 9), (16, 8, 3, 3), 0)
    else:
        draft = product("MatMul", (2, 3, 32), (32, 40), 1)
    draft.weights = {name: values.astype(dtype) for name, values in draft.weights.items()}
    draft.feeds = {name: x if x.dtype == np.int64 else x.astype(dtype) for name, x in draft.feeds.items()}
    draft.outputs = {"y": np.dtype(dtype)}
    draft.opset, draft.runs = opset, np.dtype(dtype) == np.float16
    return draft


def shared(second: str, **attributes: object) -> Draft:
    """One weight of two products."""
    nodes = [node("MatMul", "x w", "a"), node("Tanh", "a", "h"), node(second, "h w", **attributes)]
    return Draft(nodes, {"w": normal("w", 40, 40, scale=0.1)}, {"x": normal("x", 3, 40)}, {"w": (1,)})


def one_input() -> Draft:
    """Two weights of one input."""
    nodes = [node("MatMul", "x v", "a"), node("MatMul", "x w", "c"), node("Add", "a c")]
    weights = {"v": normal("v", 40, 40), "w": normal("w", 40, 40)}
    return Draft(nodes, weights, {"x": normal("x", 3, 40)}, {"v": (1,), "w": (1,)})


def returned() -> Draft:
    """A weight that is an output of the model: it stays."""
    draft = product("MatMul", (3, 40), (40, 32), 1)
    draft.outputs["w"], draft.axes = np.dtype(np.float32), {}
    return draft


def sizes() -> Draft:
    """A weight with one element too few, and one with just enough."""
    weights = {"small": normal("small", 33, 31), "large": normal("large", 31, 34)}
    nodes = [node("MatMul", "x small", "h"), node("MatMul", "h large")]
    return Draft(nodes, weights, {"x": normal("x", 3, 33)}, {"large": (1,)})


def not_worth_it() -> Draft:
    """A scale for each element is larger than the weight; it stays."""
    draft = convolution("Conv", (1, 1200, 2, 2), (1200, 1, 1, 1), 0, group=1200)
    draft.axes = {}
    return draft


def narrow_table() -> Draft:
    """A table of one column, whose scales would take what the floats do; it stays."""
    draft = embedding()
    draft.weights, draft.axes = {"table": normal("table", 1024, 1)}, {}
    return draft


def default(ir_version: int) -> Draft:
    """A weight that is an input, too: a default that callers may override from IR version 4 on."""
    draft = product("MatMul", (3, 40), (40, 32), 1)
    draft.defaults, draft.ir_version = ("w",), ir_version
    if ir_version < 4:
        draft.opset = 8  # the newest of IR version 3
    else:
        draft.axes = {}
    return draft


def constant_operation() -> Draft:
    """A weight that is the value of a Constant operation."""
    draft = product("MatMul", (3, 40), (40, 32), 1)
    value = numpy_helper.from_array(draft.weights.pop("w"))
    draft.nodes.insert(0, node("Constant", "", "w", value=value))
    return draft


def branches() -> Draft:
    """A weight of the outer graph that two branches use, one of them beside a weight of its own."""
    inner = Draft([node("MatMul", "x w", "h"), node("MatMul", "h v", "t")], {"v": normal("v", 32, 36)}, {}, {})
    inner.outputs = {"t": np.dtype(np.float32)}
    other = Draft([node("MatMul", "x w", "g"), node("Pad", "g pads", "e")], {"pads": np.array([0, 0, 0, 4])}, {}, {})
    other.outputs = {"e": np.dtype(np.float32)}
    choice = node("If", "flag", then_branch=inner.graph("then"), else_branch=other.graph("else"))
    feeds = {"x": normal("x", 3, 40), "flag": np.array(True)}
    return Draft([choice], {"w": normal("w", 40, 32)}, feeds, {"w": (1,), "v": (1,)})


def extremes() -> Draft:
    """Channels that are zero, denormal, tiny and huge."""
    draft = convolution("Conv", (1, 8, 9, 9), (16, 8, 3, 3), 0)
    weight = draft.weights["w"]
    weight[1] = 0
    weight[2] *= np.float32(1e-42)
    weight[3] *= np.float32(2.0**-126 / np.abs(weight[3]).max() * 127)
    weight[4] *= np.float32(3e38) / np.abs(weight[4]).max()
    weight[5, 0, 0, 0] = -0.0
    draft.feeds["x"] *= np.float32(1e-3)
    return draft


def ties() -> Draft:
    """Weights half-way between two integers."""
    draft = product("MatMul", (3, 40), (40, 32), 1)
    halves = np.arange(40 * 32).reshape(40, 32) % 253 / 2 - 63
    halves[0] = 127
    draft.weights["w"] = halves.astype(np.float32)
    return draft


def double() -> Draft:
    """A weight of double precision: it stays."""
    draft = product("MatMul", (3, 40), (40, 32), 1)
    draft.weights["w"], draft.feeds["x"] = draft.weights["w"].astype(np.float64), draft.feeds["x"].astype(np.float64)
    draft.outputs, draft.axes = {"y": np.dtype(np.float64)}, {}
    return draft


def encoded() -> Draft:
    """A weight that is int8 already: it stays."""
    weights = {"q": (normal("w", 40, 32) * 30).astype(np.int8), "s": np.abs(normal("s", 32))}
    nodes = [node("DequantizeLinear", "q s", "w", axis=1), node("MatMul", "x w")]
    return Draft(nodes, weights, {"x": normal("x", 3, 40)}, {})


def network() -> Draft:
    """Several weights one after another, in operators that are the same from opset 9 to the newest."""
    weights = {
        "features.weight": normal("features.weight", 16, 8, 3, 3, scale=0.1),
        "features.bias": normal("features.bias", 16),
        "hidden.weight": normal("hidden.weight", 256, 48, scale=0.1),
        "head.weight": normal("head.weight", 32, 48, scale=0.1),
        "head.bias": normal("head.bias", 32),
    }
    nodes = [
        node("Conv", "x features.weight features.bias", "a", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", "a", "b"),
        node("Flatten", "b", "c"),
        node("MatMul", "c hidden.weight", "d"),
        node("Tanh", "d", "e"),
        node("Gemm", "e head.weight head.bias", transB=1),
    ]
    axes = {"features.weight": (0,), "hidden.weight": (1,), "head.weight": (0,)}
    return Draft(nodes, weights, {"x": normal("x", 2, 8, 8, 8)}, axes)


DRAFTS: dict[str, Callable[[], Draft]] = {
    "conv1d": lambda: convolution("Conv", (2, 8, 32), (16, 8, 9), 0, pads=[4, 4]),
    "conv2d": lambda: convolution("Conv", (2, 8, 9, 9), (16, 8, 3, 3), 0, pads=[1, 1, 1, 1]),
    "conv3d": lambda: convolution("Conv", (1, 8, 5, 5, 5), (8, 8, 3, 3, 3), 0),
    "depthwise": lambda: convolution("Conv", (1, 64, 9, 9), (64, 1, 5, 5), 0, group=64),
    "grouped": lambda: convolution("Conv", (1, 32, 7, 7), (32, 8, 3, 3), 0, group=4),
    "conv_transpose": lambda: convolution("ConvTranspose", (1, 16, 5, 5), (16, 12, 3, 3), 1, strides=[2, 2]),
    "conv_transpose_grouped": lambda: convolution("ConvTranspose", (1, 16, 5, 5), (16, 12, 3, 3), 1, group=2),
    "gemm": lambda: product("Gemm", (3, 32), (32, 40), 1),
    "gemm_transb": lambda: product("Gemm", (3, 32), (40, 32), 0, transB=1),
    "gemm_transa": lambda: product("Gemm", (32, 3), (32, 40), 1, transA=1),
    "gemm_left": lambda: product("Gemm", (40, 3), (32, 40), 0, left=True),
    "gemm_left_transa": lambda: product("Gemm", (40, 3), (40, 32), 1, left=True, transA=1),
    "gemm_alpha": lambda: gemm_with_bias(beta=1.0),
    "gemm_alpha_beta": lambda: gemm_with_bias(beta=2.0),
    "matmul": lambda: product("MatMul", (3, 40), (40, 32), 1),
    "matmul_batched_input": lambda: product("MatMul", (2, 3, 40), (40, 32), 1),
    "matmul_rank3": lambda: product("MatMul", (4, 3, 20), (4, 20, 24), 2),
    "matmul_left": lambda: product("MatMul", (40, 3), (32, 40), 0, left=True),
    "matmul_left_rank3": lambda: product("MatMul", (4, 20, 3), (4, 24, 20), 1, left=True),
    "gather": embedding,
    "gather_one": lambda: embedding(indices=np.array(-5)),
    "gather_columns": lambda: embedding(axis=1),
    "tied_gemm": lambda: tied("gemm"),
    "tied_transpose": lambda: tied("transpose"),
    "tied_left": lambda: tied("left"),
    "lstm": lambda: recurrent("LSTM", 4, 1),
    "lstm_both_ways": lambda: recurrent("LSTM", 4, 2),
    "gru": lambda: recurrent("GRU", 3, 1),
    "gru_both_ways": lambda: recurrent("GRU", 3, 2),
    "rnn_both_ways": lambda: recurrent("RNN", 1, 2),
    "float16_conv": lambda: half("Conv", np.float16),
    "float16_matmul": lambda: half("MatMul", np.float16),
    "float16_matmul_opset21": lambda: half("MatMul", np.float16, opset=21),
    "float16_gather": lambda: half("Gather", np.float16),
    "bfloat16_matmul": lambda: half("MatMul", ml_dtypes.bfloat16),
    "bfloat16_gather": lambda: half("Gather", ml_dtypes.bfloat16),
    "shared": lambda: shared("MatMul"),
    "shared_other_axis": lambda: shared("Gemm", transB=1),
    "one_input": one_input,
    "returned": returned,
    "sizes": sizes,
    "not_worth_it": not_worth_it,
    "narrow_table": narrow_table,
    "default_old_ir": lambda: default(3),
    "default": lambda: default(8),
    "constant_operation": constant_operation,
    "branches": branches,
    "extremes": extremes,
    "ties": ties,
    "double": double,
    "encoded": encoded,
    "network": network,
}
OPSETS = {"network": (9, 11, 13, 21, 23), "gather": (9, 11, 13, 21), "gemm_alpha_beta": (9, 11, 21), "lstm": (9, 21)}


def samples(*names: str) -> Iterator[Sample]:
    """The samples of those names, or all of them, in their own opset and, without names, as of others."""
    for name in names or DRAFTS:
        sample = DRAFTS[name]().sample(name)
        others = () if names else OPSETS.get(name, ())
        yield from chain([sample], (sample.at(opset) for opset in others))


def weights(model: ModelProto) -> dict[str, np.ndarray]:
    """The values of all initializers and Constant operations, subgraphs included."""
    found: dict[str, np.ndarray] = {}

    def visit(graph: GraphProto) -> None:
        found.update((tensor.name, numpy_helper.to_array(tensor)) for tensor in graph.initializer)
        for operation in graph.node:
            for attribute in operation.attribute:
                if operation.op_type == "Constant" and attribute.type == onnx.AttributeProto.TENSOR:
                    found[operation.output[0]] = numpy_helper.to_array(attribute.t)
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    visit(attribute.g)

    visit(model.graph)
    return found


def each(chosen: Iterable[Sample], judge: Callable[[Sample], None]) -> None:
    """Judges each sample; raises what the first that failed have to say, and the names of the others."""
    failures: dict[str, str] = {}
    for sample in chosen:
        try:
            judge(sample)
        except Exception as failure:  # noqa: BLE001 - the others are to be judged, too
            kind = "" if isinstance(failure, AssertionError) else f"{type(failure).__name__}: "
            failures[sample.name] = f"{sample.name}: {kind}{failure}"
    told, others = [*failures.values()][:FAILURES_TOLD], [*failures][FAILURES_TOLD:]
    assert not failures, "\n".join([f"{len(failures)} samples failed", *told, *([", ".join(others)] if others else [])])
