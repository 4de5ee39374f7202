"""Small models, each about one rewrite of `simplify`: what must be left of them, and where nothing may be done.

A model is said in ONNX's own text form, its constants beside it: a tuple is the shape of noise, anything else the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from samples import Sample, normal

IMAGE = (1, 4, 6, 8)
SQUARE = (1, 4, 4, 4)
ROWS = (2, 5, 8)
MATRIX = (5, 8)
TO_FIRST, TO_LAST = "<perm = [0, 3, 1, 2]>", "<perm = [0, 2, 3, 1]>"


@dataclass(frozen=True)
class Rewrite:
    """A model and the operators that must be left of it, in order; `None` where it must stay as it is."""

    name: str
    x: tuple[int, ...]
    body: str
    left: str | None
    constants: dict[str, object] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("y",)
    opset: int = 17
    kind: type = np.float32
    z: tuple[int, ...] | None = None
    options: tuple[str, ...] = ()
    runs: bool = True

    def model(self) -> ModelProto:
        """The model with inputs `x` and, where it has one, `z`."""
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.kind))
        inputs = [helper.make_tensor_value_info("x", kind, self.x)]
        if self.z is not None:
            inputs.append(helper.make_tensor_value_info("z", kind, self.z))
        nodes = [onnx.parser.parse_node(statement) for statement in statements(self.body)]
        outputs = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in self.outputs]
        constants = [numpy_helper.from_array(self.constant(name), name) for name in self.constants]
        graph = helper.make_graph(nodes, self.name, inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = helper.find_min_ir_version_for(model.opset_import)
        inferred = {value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.output}
        for output in graph.output:
            output.CopyFrom(inferred[output.name])
        model.graph.CopyFrom(graph)
        return model

    def constant(self, name: str) -> np.ndarray:
        """Noise for a shape, integers where there are only those, else floats."""
        said = self.constants[name]
        if isinstance(said, tuple):
            return normal(name, *said)
        array = np.asarray(said)
        return array.astype(np.float32) if array.dtype.kind == "f" and array.dtype == np.float64 else array

    def samples(self) -> Iterator[Sample]:
        """The model with inputs of several kinds: normal, negative, large, integers."""
        model = self.model()
        for seed, scale in enumerate((1, -1, 30, 0)):
            feeds = {}
            for value in model.graph.input:
                shape = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
                numbers = np.random.default_rng(seed).standard_normal(shape) * (scale or 3)
                feeds[value.name] = (-abs(numbers) if scale < 0 else numbers if scale else numbers.round()).astype(self.kind)
            yield Sample(f"{self.name}, inputs {seed}", model, feeds, {}, self.runs)


def statements(body: str) -> Iterator[str]:
    """The lines of a body; what stands in braces belongs to the line before."""
    statement = ""
    for line in body.strip().split("\n"):
        statement += line.strip() + " "
        if statement.count("{") == statement.count("}"):
            yield statement
            statement = ""


def transposed(name: str, inner: str, left: str | None, **said: object) -> Rewrite:
    """`inner` makes `b` of `a`, between transposes to channels first and back."""
    body = f"a = Transpose {TO_FIRST} (x)\n{inner}\ny = Transpose {TO_LAST} (b)"
    return Rewrite(f"{name} between transposes", (1, 6, 8, 4), body, left, **said)


def attention(name: str = "attention", scale: str = "s = Mul (m, half)", mask: str = "a = Add (s, mask)", **said: object) -> Rewrite:
    """Queries, keys and values that are all the same."""
    body = f"t = Transpose <perm = [0, 1, 3, 2]> (x)\nm = MatMul (x, t)\n{scale}\n{mask}\np = Softmax (a)\ny = MatMul (p, x)"
    return Rewrite(name, (2, 3, 5, 8), body, **said)


DOUBLED = "f = Concat <axis = -1> (z, z)\ng = Cos (f)\nh = Sin (f)\nc = Unsqueeze (g, one)\nd = Unsqueeze (h, one)"


def rotation(
    name: str = "a rotation", angles: str = DOUBLED, left: str | None = None, constants: dict[str, object] | None = None, **said: object
) -> Rewrite:
    """The halves of features, turned by cosines `c` and sines `d`."""
    body = f"{angles}\nv, w = Split <axis = 3> (x, halves)\nn = Neg (w)\nr = Concat <axis = 3> (n, v)\np = Mul (x, c)\nq = Mul (d, r)\ny = Add (p, q)"
    return Rewrite(name, (2, 3, 5, 8), body, left, {"one": [1], "halves": [4, 4]} | (constants or {}), **said)


def angles(half: float) -> dict[str, object]:
    """Cosines and sines for each position, in halves that are the same where `half` is 1."""
    first = np.arange(40).reshape(2, 1, 5, 4) / 7
    doubled = np.concatenate([first, half * first], -1)
    return {"cosines": np.cos(doubled), "sines": np.sin(doubled)}


def grouped_attention(**said: object) -> Rewrite:
    """Keys and values that are the same, each for three heads of queries."""
    body = """u = Unsqueeze (x, two)
        e = Expand (u, repeated)
        k = Reshape (e, joined)
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        m = MatMul (z, t)
        p = Softmax (m)
        y = MatMul (p, k)"""
    constants = {"two": [2], "repeated": [2, 2, 3, 5, 8], "joined": [2, 6, 5, 8]}
    return Rewrite("attention of groups of heads", (2, 2, 5, 8), body, constants=constants, z=(2, 6, 5, 8), **said)


PAD = [0, 0, 1, 1, 0, 0, 1, 1]
HALF = {"half": np.float32(0.5), "one": np.float32(1)}
NORMALIZATION = {name: (4,) for name in ("scale", "bias", "mean")} | {"variance": [0.5, 1.5, 2.0, 0.1]}
BATCH = "BatchNormalization (x, scale, bias, mean, variance)"

# What is rewritten.
REWRITES = [
    # Transposes.
    Rewrite(
        "a residual block with channels last",
        (1, 6, 8, 4),
        f"""t = Transpose {TO_FIRST} (x)
            c = Conv (t, w)
            d = Transpose {TO_LAST} (c)
            a = Add (d, x)
            r = Relu (a)
            s = Transpose {TO_FIRST} (r)
            e = Conv (s, v)
            y = Transpose {TO_LAST} (e)""",
        "Transpose Conv Add Relu Conv Transpose",
        {"w": (4, 4, 1, 1), "v": (4, 4, 1, 1)},
    ),
    transposed("one element", "b = Sigmoid (a)", "Sigmoid"),
    transposed("a constant a channel", "b = PRelu (a, k)", "PRelu", constants={"k": (4, 1, 1)}),
    transposed("a join", "b = Concat <axis = 1> (a, a)", "Concat"),
    transposed("borders", "b = Pad (a, pads)", "Pad", constants={"pads": PAD}),
    transposed("a mean", "b = ReduceMean <axes = [1]> (a)", "ReduceMean"),
    transposed("a softmax", "b = Softmax <axis = 1> (a)", "Softmax"),
    Rewrite(
        "images of one channel",
        (2, 8, 6, 1),
        f"s = Transpose {TO_FIRST} (x)\nc = Conv (s, w)\nt = Transpose {TO_FIRST} (z)\nd = Conv (t, v)\ny = Add (c, d)",
        "Reshape Conv Reshape Conv Add",
        {"w": (4, 1, 3, 3), "v": (4, 1, 3, 3)},
        z=(2, 8, 6, 1),
    ),
    Rewrite("axes that are reduced", (1, 6, 8, 4), f"t = Transpose {TO_FIRST} (x)\ny = ReduceMean <axes = [2, 3], keepdims = 0> (t)", "ReduceMean"),
    Rewrite("a last axis put in and taken out", (2, 5), "u = Unsqueeze (x, last)\nr = Relu (u)\nm = Mul (half, r)\ny = Squeeze (m, last)", "Relu Mul", {"last": [2]} | HALF),
    Rewrite("axes put in and taken out", (2, 5), "u = Unsqueeze (x, one)\nr = Relu (u)\ny = Squeeze (r, one)", "Relu", {"one": [1]}),
    # Windows and borders.
    Rewrite("a border for a convolution", IMAGE, "p = Pad (x, pads)\ny = Conv <pads = [0, 1, 1, 0]> (p, w)", "Conv", {"pads": PAD, "w": (2, 4, 3, 3)}),
    Rewrite(
        "a border for a mean", IMAGE, "p = Pad (x, pads)\ny = AveragePool <kernel_shape = [3, 3]> (p)", "AveragePool", {"pads": PAD}
    ),
    Rewrite(
        "a border for a maximum",
        IMAGE,
        "r = Relu (x)\np = Pad (r, pads)\ny = MaxPool <kernel_shape = [2, 3]> (p)",
        "Relu MaxPool",
        {"pads": PAD},
    ),
    Rewrite(
        "a border below everything for a maximum",
        IMAGE,
        "p = Pad (x, pads, low)\ny = MaxPool <kernel_shape = [2, 3], strides = [2, 2]> (p)",
        "MaxPool",
        {"pads": PAD, "low": np.float32(-np.inf)},
    ),
    # Scales and shifts before products.
    Rewrite(
        "a mean and a deviation before a convolution",
        IMAGE,
        "s = Sub (x, mean)\nd = Div (s, k)\ny = Conv (d, w, b)",
        "Conv",
        {"mean": np.arange(4, dtype=np.float32).reshape(4, 1, 1), "k": np.full((4, 1, 1), 2, np.float32), "w": (2, 4, 3, 3), "b": (2,)},
    ),
    Rewrite("a normalization before a convolution", IMAGE, f"n = {BATCH}\ny = Conv <group = 2> (n, w)", "Conv", NORMALIZATION | {"w": (6, 2, 3, 3)}),
    Rewrite("a normalization before a Gemm", (5, 4), f"n = {BATCH}\ny = Gemm <transB = 1> (n, w, b)", "Gemm", NORMALIZATION | {"w": (3, 4), "b": (3,)}),
    Rewrite("a normalization before a Gemm by columns", (5, 4), f"n = {BATCH}\ny = Gemm (n, w, b)", "Gemm", NORMALIZATION | {"w": (4, 3), "b": (3,)}),
    Rewrite("a normalization that is scaled", IMAGE, f"n = {BATCH}\ny = Mul (n, half)", "BatchNormalization", NORMALIZATION | HALF),
    # Matrices.
    Rewrite("a matrix that is transposed first", (8, 5), "t = Transpose (x)\ny = MatMul (t, w)", "Gemm", {"w": (8, 3)}),
    Rewrite("a product and a sum", MATRIX, "m = MatMul (x, w)\ny = Add (m, b)", "Gemm", {"w": (8, 3), "b": (3,)}),
    Rewrite(
        "an equation that is a product", ROWS, 'm = Einsum <equation = "bij,jk->bik"> (x, w)\ny = Mul (m, half)', "MatMul", {"w": (8, 3)} | HALF
    ),
    Rewrite("an equation that is a transpose", ROWS, 'm = Einsum <equation = "bij->jib"> (x)\ny = Transpose <perm = [1, 0, 2]> (m)', "Transpose"),
    # Blocks.
    Rewrite(
        "pixels shuffled",
        (1, 8, 3, 5),
        "r = Reshape (x, cut)\nt = Transpose <perm = [0, 1, 4, 2, 5, 3]> (r)\ny = Reshape (t, joined)",
        "DepthToSpace",
        {"cut": [1, 2, 2, 2, 3, 5], "joined": [1, 2, 6, 10]},
    ),
    Rewrite(
        "pixels shuffled, blocks first",
        (1, 8, 3, 5),
        "r = Reshape (x, cut)\nt = Transpose <perm = [0, 3, 4, 1, 5, 2]> (r)\ny = Reshape (t, joined)",
        "DepthToSpace",
        {"cut": [1, 2, 2, 2, 3, 5], "joined": [1, 2, 6, 10]},
    ),
    Rewrite(
        "pixels gathered",
        (1, 2, 6, 10),
        "r = Reshape (x, cut)\nt = Transpose <perm = [0, 3, 5, 1, 2, 4]> (r)\ny = Reshape (t, joined)",
        "SpaceToDepth",
        {"cut": [1, 2, 3, 2, 5, 2], "joined": [1, 8, 3, 5]},
    ),
    Rewrite(
        "pixels gathered by channel",
        (1, 3, 6, 10),
        "r = Reshape (x, cut)\nt = Transpose <perm = [0, 1, 3, 5, 2, 4]> (r)\ny = Reshape (t, joined)",
        "SpaceToDepth Gather",
        {"cut": [1, 3, 3, 2, 5, 2], "joined": [1, 12, 3, 5]},
    ),
    Rewrite(
        "focus",
        (1, 3, 6, 8),
        """a = Slice (x, zero_zero, ends, axes, steps)
           b = Slice (x, one_zero, ends, axes, steps)
           c = Slice (x, zero_one, ends, axes, steps)
           d = Slice (x, one_one, ends, axes, steps)
           y = Concat <axis = 1> (a, b, c, d)""",
        "SpaceToDepth Gather",
        {"zero_zero": [0, 0], "one_zero": [1, 0], "zero_one": [0, 1], "one_one": [1, 1], "ends": [99, 99], "axes": [2, 3], "steps": [2, 2]},
    ),
    # Sequences, loops, branches.
    Rewrite("an element of a sequence", MATRIX, "e = Exp (x)\ns = SequenceConstruct (x, e)\nt = SequenceAt (s, last)\ny = Neg (t)", "Exp Neg", {"last": -1}),
    Rewrite(
        "a sequence that grows and is joined",
        MATRIX,
        "e = Exp (x)\ns = SequenceConstruct (x)\nt = SequenceInsert (s, e, zero)\ny = ConcatFromSequence <axis = 1> (t)",
        "Exp Concat",
        {"zero": 0},
    ),
    Rewrite(
        "a sequence of parts",
        MATRIX,
        "s = SplitToSequence <axis = 1> (x, sizes)\na = SequenceAt (s, zero)\nb = SequenceAt (s, one)\ny = Concat <axis = 1> (b, a)",
        "Split Concat",
        {"sizes": [3, 5], "zero": 0, "one": 1},
    ),
    Rewrite(
        "a loop that runs twice",
        (3,),
        """y, all = Loop <body = b (int64 i, bool go, float[3] v) => (bool on, float[3] w, float[3] t) {
             on = Identity (go)
             t = Gather (table, i)
             w = Add (v, t)
           }> (two, , x)""",
        "Add Add",
        {"table": (4, 3), "two": 2},
    ),
    Rewrite(
        "a loop that runs once and gathers",
        (3,),
        """last, y = Loop <body = b (int64 i, bool go, float[3] v) => (bool on, float[3] w, float[3] t) {
             on = Identity (go)
             w = Exp (v)
             t = Neg (w)
           }> (one, , x)""",
        "Exp Neg Unsqueeze",
        {"one": 1},
    ),
    Rewrite(
        "a loop that never runs",
        (3,),
        """l = Loop <body = b (int64 i, bool go, float[3] v) => (bool on, float[3] w) {
             on = Identity (go)
             w = Exp (v)
           }> (zero, , x)
           y = Neg (l)""",
        "Neg",
        {"zero": 0},
    ),
    # Activations and what transformers are made of.
    Rewrite("a softplus", MATRIX, "e = Exp (x)\ns = Add (e, one)\ny = Log (s)", "Softplus", HALF),
    Rewrite("a softsign", MATRIX, "a = Abs (x)\ns = Add (one, a)\ny = Div (x, s)", "Softsign", HALF),
    Rewrite("a mish", MATRIX, "s = Softplus (x)\nt = Tanh (s)\ny = Mul (x, t)", "Mish", opset=18),
    Rewrite("a swish", MATRIX, "s = Sigmoid (x)\ny = Mul (x, s)", "Swish", opset=24),
    Rewrite("a scaled swish", MATRIX, "m = Mul (x, half)\ns = Sigmoid (m)\ny = Mul (s, x)", "Swish", HALF, opset=24),
    Rewrite(
        "a gelu by tanh",
        MATRIX,
        """c = Pow (x, three)
           k = Mul (c, coefficient)
           s = Add (x, k)
           m = Mul (s, root)
           t = Tanh (m)
           a = Add (t, one)
           h = Mul (x, half)
           y = Mul (h, a)""",
        "Gelu",
        HALF | {"three": np.float32(3), "coefficient": np.float32(0.044715), "root": np.float32(0.7978846)},
        opset=20,
    ),
    Rewrite(
        "a normalization by root mean squares",
        MATRIX,
        """p = Mul (x, x)
           m = ReduceMean (p, axes)
           e = Add (m, epsilon)
           s = Sqrt (e)
           r = Reciprocal (s)
           n = Mul (x, r)
           y = Mul (scale, n)""",
        "RMSNormalization",
        {"axes": [-1], "epsilon": np.float32(1e-5), "scale": (8,)},
        opset=23,
    ),
    Rewrite(
        "a normalization by root mean squares without a scale",
        MATRIX,
        """p = Pow (x, two)
           m = ReduceMean (p, axes)
           e = Add (m, epsilon)
           s = Sqrt (e)
           y = Div (x, s)""",
        "RMSNormalization",
        {"axes": [-1], "epsilon": np.float32(1e-5), "two": np.float32(2)},
        opset=23,
    ),
    rotation(left="Cos Sin RotaryEmbedding", z=(2, 5, 4), opset=23),
    rotation("a rotation by constant angles", "c = Identity (cosines)\nd = Identity (sines)", "RotaryEmbedding", angles(half=1), opset=23),
    grouped_attention(left="Attention", opset=23),
    attention(left="Attention", constants=HALF | {"mask": (2, 1, 5, 5)}, opset=23),
    attention("attention without a mask", scale="s = Div (m, two)", mask="a = Identity (s)", left="Attention", constants={"two": np.float32(2)}, opset=23),
    # A zero whose sign nothing uses.
    Rewrite("a zero before a softmax", MATRIX, "a = Add (x, zero)\ny = Softmax (a)", "Softmax", {"zero": np.zeros(8, np.float32)}),
    Rewrite("a zero before another bias", ROWS, "m = MatMul (x, w)\na = Add (zero, m)\nr = Relu (a)\nn = MatMul (r, v)\ny = Add (n, zero)", "MatMul Relu MatMul Add", {"w": (8, 8), "v": (8, 8), "zero": np.zeros(8, np.float32)}),
    Rewrite(
        "a zero before a normalization",
        ROWS,
        "a = Add (x, zero)\ns = Add (x, a)\ny = LayerNormalization (s, scale, bias)",
        "Add LayerNormalization",
        {"scale": (8,), "bias": (8,), "zero": np.zeros(8, np.float32)},
    ),
    # What nothing needs.
    Rewrite("what nothing uses", MATRIX, "d = Exp (x)\nm = MatMul (d, w)\ny = Neg (x)", "Neg", {"w": (8, 3), "v": (8, 8)}),
    Rewrite("extents of zero", (0, 2), "r = Reshape <allowzero = 1> (x, a)\ns = Reshape <allowzero = 1> (r, b)\ny = Neg (s)", "Neg", {"a": [3, 0], "b": [0, 2]}),
    Rewrite("a constant that hardly grows", MATRIX, "c = Expand (one, extents)\ns = ReduceSum <keepdims = 0> (x)\ny = Sub (c, s)", "ReduceSum Sub", {"one": [1.0], "extents": [1, 4, 1]}),
    # Numbers.
    Rewrite(
        "an encoding that is done twice",
        MATRIX,
        """q = QuantizeLinear (x, scale, point)
           d = DequantizeLinear (q, scale, point)
           r = QuantizeLinear (d, scale, point)
           y = DequantizeLinear (r, scale, point)""",
        "QuantizeLinear DequantizeLinear",
        {"scale": np.float32(0.03), "point": np.uint8(3)},
    ),
    Rewrite("all places written to", (2, 3), "s = ScatterND (z, places, x)\ny = Neg (s)", "Neg", {"places": [[0], [1]]}, z=(2, 3)),
]

# What must stay: where others are wrong.
TRAPS = [
    Rewrite("a constant along the width", SQUARE, "c = Conv (x, w)\ny = Mul (c, k)", None, {"w": (4, 4, 1, 1), "k": (4,)}),
    Rewrite("a constant along the width before", SQUARE, "c = Add (x, k)\ny = Conv (c, w)", None, {"w": (4, 4, 1, 1), "k": (4,)}),
    Rewrite("a product of integers", (5, 2), "m = MatMul (x, w)\ny = Add (m, b)", None, {"w": [[1, 2], [3, 4]], "b": [5, 6]}, kind=np.int64),
    Rewrite("random numbers twice", (2, 3), "a = RandomNormalLike (x)\nb = RandomNormalLike (x)\ny = Sub (a, b)", None, runs=False),
    Rewrite("a softmax before ArgMax", MATRIX, "s = Softmax (x)\ny = ArgMax (s)", None),
    Rewrite("a root before ArgMax", MATRIX, "s = Sqrt (x)\ny = ArgMax (s)", None),
    Rewrite("a logarithm before ArgMax", MATRIX, "s = Log (x)\ny = ArgMax (s)", None),
    Rewrite("zero added", MATRIX, "a = Add (x, zero)\ny = Div (one, a)", None, {"zero": np.float32(0), "one": np.float32(1)}),
    Rewrite("factors that overflow between", MATRIX, "a = Mul (x, ten)\ny = Mul (a, tenth)", None, {"ten": np.float32(10), "tenth": np.float32(0.1)}),
    Rewrite("a product of rank three", ROWS, "m = MatMul (x, w)\ny = Add (m, b)", None, {"w": (8, 3), "b": (3,)}),
    Rewrite("a convolution that is an output", SQUARE, "c = Conv (x, w)\ny = Mul (c, half)", None, {"w": (4, 4, 1, 1)} | HALF, ("y", "c")),
    Rewrite("a weight with two uses", SQUARE, "c = Conv (x, w)\na = Mul (c, half)\nd = Conv (x, w)\ny = Sub (a, d)", "Conv Mul Sub", {"w": (4, 4, 1, 1)} | HALF),
    Rewrite(
        "a convolution that a branch uses",
        SQUARE,
        """c = Conv (x, w)
           s = ReduceSum <keepdims = 0> (x)
           g = Cast <to = 9> (s)
           b = If (g) <then_branch = t () => (float[1, 4, 4, 4] u) { u = Neg (c) }, else_branch = e () => (float[1, 4, 4, 4] v) { v = Abs (c) }>
           m = Mul (c, half)
           y = Add (m, b)""",
        None,
        {"w": (4, 4, 1, 1)} | HALF,
    ),
    Rewrite("integers between floats", MATRIX, "i = Cast <to = 7> (x)\ny = Cast <to = 1> (i)", None),
    Rewrite("a border removed", IMAGE, "p = Pad (x, pads)\ny = Conv (p, w)", None, {"pads": [0, 0, -1, 1, 0, 0, 0, 0], "w": (2, 4, 3, 3)}),
    Rewrite("a border of ones", IMAGE, "p = Pad (x, pads, one)\ny = Conv (p, w)", None, {"pads": PAD, "w": (2, 4, 3, 3)} | HALF),
    Rewrite("a reflected border", IMAGE, 'p = Pad <mode = "reflect"> (x, pads)\ny = Conv (p, w)', None, {"pads": PAD, "w": (2, 4, 3, 3)}),
    Rewrite("a border for a window that pads itself", IMAGE, 'p = Pad (x, pads)\ny = Conv <auto_pad = "SAME_UPPER"> (p, w)', None, {"pads": PAD, "w": (2, 4, 3, 3)}),
    Rewrite("zeros around a maximum", IMAGE, "p = Pad (x, pads)\ny = MaxPool <kernel_shape = [2, 2]> (p)", None, {"pads": PAD}),
    Rewrite("places of a maximum", IMAGE, "r = Relu (x)\np = Pad (r, pads)\nm, y = MaxPool <kernel_shape = [2, 2]> (p)", None, {"pads": PAD}),
    Rewrite(
        "a mean that does not count its borders",
        IMAGE,
        "p = Pad (x, pads)\ny = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (p)",
        None,
        {"pads": PAD},
    ),
    Rewrite("a mean rounded up", IMAGE, "p = Pad (x, pads)\ny = AveragePool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (p)", None, {"pads": PAD}),
    Rewrite("a shift before a border", IMAGE, f"n = {BATCH}\ny = Conv <pads = [1, 1, 1, 1]> (n, w)", None, NORMALIZATION | {"w": (2, 4, 3, 3)}),
    Rewrite("a mask that is used", MATRIX, "a, m = Dropout (x)\nb = Cast <to = 1> (m)\ny = Add (a, b)", None),
    Rewrite("a reduction of nothing", MATRIX, "a = ReduceSum <noop_with_empty_axes = 0> (x)\ny = Neg (a)", None),
    Rewrite("a shape's part", (2, 3), "s = Shape <start = 1> (x)\nc = Cast <to = 1> (s)\ny = Mul (x, c)", "Mul"),
    Rewrite("a Clip without bounds", MATRIX, "a = Clip (x, , one)\ny = Clip (a, half, )", "Clip", HALF),
    Rewrite("slices from the end", MATRIX, "a = Slice (x, minus, zero, axes, minus)\ny = Slice (a, one, three, axes, one)", None, {"minus": [-1], "zero": [-99], "axes": [-1], "one": [1], "three": [3]}),
    Rewrite("a sum that is wider than the product", (1, 8), "m = MatMul (x, w)\ny = Add (m, b)", None, {"w": (8, 3), "b": (4, 3)}),
    Rewrite("an encoding with another scale", MATRIX, "q = QuantizeLinear (x, s, p)\nd = DequantizeLinear (q, s, p)\nr = QuantizeLinear (d, t, p)\ny = DequantizeLinear (r, t, p)", None, {"s": np.float32(0.03), "t": np.float32(0.05), "p": np.uint8(3)}),
    Rewrite("places written to in another order", (2, 3), "s = ScatterND (z, places, x)\ny = Neg (s)", None, {"places": [[1], [0]]}, z=(2, 3)),
    Rewrite("a loop that would grow", (3,), "y = Loop <body = b (int64 i, bool go, float[3] v) => (bool on, float[3] w) { on = Identity (go) e = Exp (v) w = Sin (e) }> (two, , x)", None, {"two": 2}),
    Rewrite("a mish that the opset lacks", MATRIX, "s = Softplus (x)\nt = Tanh (s)\ny = Mul (x, t)", None),
    rotation("a rotation by angles that differ between the halves", "c = Identity (cosines)\nd = Identity (sines)", "Split Neg Concat Mul Mul Add", angles(half=2), opset=23),
    rotation("a rotation that the opset lacks", z=(2, 5, 4), opset=22),
    rotation("a rotation by angles that samples share", z=(1, 5, 4), opset=23),
    Rewrite("a zero whose sign is returned", ROWS, "m = MatMul (x, w)\na = Add (m, zero)\ny = Relu (a)", None, {"w": (8, 8), "zero": np.zeros(8, np.float32)}),
    Rewrite("a zero whose sign is that of an infinity", MATRIX, "a = Add (x, zero)\nr = Reciprocal (a)\ny = Clip (r, half, )", None, {"zero": np.zeros(8, np.float32)} | HALF),
    Rewrite("a zero before a negative zero", ROWS, "m = MatMul (x, w)\na = Add (m, zero)\nn = MatMul (a, v)\ny = Add (n, minus)", None, {"w": (8, 8), "v": (8, 8), "zero": np.zeros(8, np.float32), "minus": np.array([-0.0, 1, 2, 3, 4, 5, 6, 7], np.float32)}),
    attention("attention that the opset lacks", left=None, constants=HALF | {"mask": (2, 1, 5, 5)}, opset=22),
    attention("attention with a mask that is broadcast", left=None, constants=HALF | {"mask": (2, 1, 5, 1)}, opset=23),
    Rewrite("a sequence with another use", MATRIX, "s = SplitToSequence <axis = 1> (x, sizes)\nn = SequenceLength (s)\na = SequenceAt (s, zero)\nc = Cast <to = 1> (n)\ny = Mul (a, c)", None, {"sizes": [4, 4], "zero": 0}),
    Rewrite("blocks that do not fill the image", (1, 3, 5, 8), "a = Slice (x, o, e, axes, two)\nb = Slice (x, i, e, axes, two)\ny = Concat <axis = 2> (a, b)", None, {"o": [0, 0], "i": [1, 1], "e": [4, 99], "axes": [2, 3], "two": [2, 2]}),
    Rewrite("an equation with a sum of its own", ROWS, 'y = Einsum <equation = "bij->bi"> (x)', None),
    Rewrite("a constant that would grow too large", MATRIX, "c = Expand (k, extents)\ny = Concat <axis = 0> (c, x)", None, {"k": (1, 8), "extents": [400, 8]}),
    Rewrite("extents copied where there is none", (2, 0, 3), "r = Reshape (x, a)\ny = Neg (r)", None, {"a": [0, 0, 3, 1]}),
    Rewrite(
        "a branch with names of its own",
        MATRIX,
        """b = Neg (x)
           y = If (g) <then_branch = t () => (float[5, 8] u) { c = Exp (b) u = Sin (c) }, else_branch = e () => (float[5, 8] v) { v = Abs (b) }>
           c = Cos (y)""",
        "Neg Exp Sin Cos",
        {"g": np.bool_(True)},
        ("y", "c"),
    ),
    Rewrite("what numerics=exact forbids", IMAGE, "p = Pad (x, pads)\ny = Conv (p, w)", None, {"pads": PAD, "w": (2, 4, 3, 3)}, options=("-numerics=exact",)),
]
