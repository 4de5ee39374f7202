"""Models that are broken on purpose, and legal ones that are not what they seem."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Build = Callable[[Path], Path]
"""Makes a model in an empty folder and returns its path."""


def varint(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def delimited(number: int, content: bytes) -> bytes:
    """A field of protobuf's wire format that holds bytes or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def value(name: str, shape: list[int | str] | None, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model(
    nodes: list[NodeProto], initializers: list[TensorProto] = [], x: list[int | str] | None = [2, 3],
    y: list[int | str] | None = None, opset: int = 21,
) -> ModelProto:
    """A model from `x` to `y`."""
    graph = helper.make_graph(nodes, "g", [value("x", x)], [value("y", y or x)], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def saved(proto: ModelProto | bytes, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(proto if isinstance(proto, bytes) else proto.SerializeToString())
    return path


def weight(name: str, shape: list[int]) -> TensorProto:
    return numpy_helper.from_array(np.arange(np.prod(shape), dtype=np.float32).reshape(shape), name)


# What must be refused


def transpose_with_wrong_axes(folder: Path) -> Path:
    return saved(model([helper.make_node("Transpose", ["x"], ["y"], "t", perm=[5, 9])]), folder)


def unsqueeze_beyond_the_rank(folder: Path) -> Path:
    axes = numpy_helper.from_array(np.array([99], dtype=np.int64), "axes")
    return saved(model([helper.make_node("Unsqueeze", ["x", "axes"], ["y"], "u")], [axes]), folder)


def negative_dimension(folder: Path) -> Path:
    tensor = weight("w", [3])
    tensor.dims[0] = -4
    return saved(model([helper.make_node("Add", ["x", "w"], ["y"], "a")], [tensor]), folder)


def negative_input_dimension(folder: Path) -> Path:
    return saved(model([helper.make_node("Relu", ["x"], ["y"], "r")], x=[-4, 3]), folder)


def short_data(folder: Path) -> Path:
    tensor = weight("w", [3])
    tensor.dims[0] = 300
    return saved(model([helper.make_node("Add", ["x", "w"], ["y"], "a")], [tensor]), folder)


def convolution_without_weight(folder: Path) -> Path:
    return saved(model([helper.make_node("Conv", ["x"], ["y"], "c")], x=[1, 3, 8, 8]), folder)


def undefined_name(folder: Path) -> Path:
    return saved(model([helper.make_node("Add", ["x", "nowhere"], ["y"], "a")]), folder)


def cycle(folder: Path) -> Path:
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], "first"), helper.make_node("Relu", ["a"], ["b"], "second")]
    return saved(model([*nodes, helper.make_node("Relu", ["a"], ["y"], "last")]), folder)


def endless_dimensions(folder: Path) -> Path:
    tensor = weight("w", [4])
    tensor.dims[:] = [1 << 40, 1 << 20]
    return saved(model([helper.make_node("Add", ["x", "w"], ["y"], "a")], [tensor]), folder)


def two_initializers_of_one_name(folder: Path) -> Path:
    return saved(model([helper.make_node("Add", ["x", "w"], ["y"], "a")], [weight("w", [3]), weight("w", [3])]), folder)


def output_defined_twice(folder: Path) -> Path:
    return saved(model([helper.make_node("Relu", ["x"], ["y"], "r"), helper.make_node("Neg", ["x"], ["y"], "n")]), folder)


def without_required_output(folder: Path) -> Path:
    return saved(model([helper.make_node("Relu", ["x"], ["y"], "r"), helper.make_node("Neg", ["x"], [""], "n")]), folder)


def nested_ifs(depth: int) -> bytes:
    """`depth` Ifs inside each other, in bytes: the library that would write them recurses."""
    then_branch = delimited(1, b"then_branch") + b"\xa0\x01\x05"  # name; type = GRAPH
    else_graph = GraphProto(name="e", node=[helper.make_node("Relu", ["x"], ["r"])], output=[value("r", [2, 3])])
    else_branch = helper.make_attribute("else_branch", else_graph).SerializeToString()
    graph = else_graph.SerializeToString()
    output = value("y", [2, 3]).SerializeToString()
    for _ in range(depth):
        node = delimited(1, b"c") + delimited(2, b"y") + delimited(4, b"If")
        node += delimited(5, else_branch) + delimited(5, then_branch + delimited(6, graph))
        graph = delimited(1, node) + delimited(2, b"g") + delimited(12, output)
    for proto in value("x", [2, 3]), value("c", [], TensorProto.BOOL):
        graph += delimited(11, proto.SerializeToString())
    return b"\x08\x0a" + delimited(7, graph) + delimited(8, b"\x10\x15")


def nested_ten_thousand_times(folder: Path) -> Path:
    return saved(nested_ifs(10_000), folder)


def nested_33_times(folder: Path) -> Path:
    return saved(nested_ifs(33), folder)


def empty_attributes(folder: Path) -> Path:
    """2 MB that a plain reader makes 290 MB of."""
    node = helper.make_node("Relu", ["x"], ["y"], "r").SerializeToString() + b"\x2a\x00" * (1 << 20)
    graph = delimited(1, node) + delimited(2, b"g") + delimited(11, value("x", [2]).SerializeToString())
    return saved(b"\x08\x0a" + delimited(7, graph) + delimited(8, b"\x10\x15"), folder)


def field_that_never_ends(folder: Path) -> Path:
    """A graph that is said to have 2^31 bytes, in a file of a few."""
    return saved(b"\x08\x0a" + varint(7 << 3 | 2) + varint(1 << 31) + b"abc", folder)


def number_of_eleven_bytes(folder: Path) -> Path:
    return saved(b"\x08" + b"\x80" * 11 + b"\x00", folder)


def not_a_model(folder: Path) -> Path:
    return saved(b"This is a text, and no model at all.\n" * 100, folder)


def empty_file(folder: Path) -> Path:
    return saved(b"", folder)


# External data


def external(folder: Path, location: str, offset: int | None = None, length: int | None = None, count: int = 1) -> Path:
    """A model whose weights say that their data is at `location`."""
    data = np.arange(3 * 1024, dtype=np.float32)
    tensors = []
    for index in range(count):
        tensor = TensorProto(name=f"w{index}", dims=[1024, 3], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        entries = {"location": location, "offset": offset if index == 0 else (offset or 0) + 4, "length": length}
        for key, entry in entries.items():
            if entry is not None:
                tensor.external_data.add(key=key, value=str(entry))
        tensors.append(tensor)
    nodes = [helper.make_node("Add", ["x", "w0"], ["y"], "a")]
    path = saved(model(nodes, tensors, x=[1024, 3]), folder)
    if not os.path.lexists(folder / "w.data"):
        (folder / "w.data").write_bytes(data.tobytes())
    return path


def secret(folder: Path) -> Path:
    """A file that the model must not get at, outside of its folder."""
    path = folder.parent / f"{folder.name}.secret"
    path.write_bytes(np.full(3 * 1024, 7, dtype=np.float32).tobytes())
    return path


def data_above_the_folder(folder: Path) -> Path:
    return external(folder, f"../{secret(folder).name}")


def data_at_an_absolute_path(folder: Path) -> Path:
    return external(folder, str(secret(folder)))


def data_behind_a_link(folder: Path) -> Path:
    (folder / "w.data").symlink_to(secret(folder))
    return external(folder, "w.data")


def data_past_the_end(folder: Path) -> Path:
    return external(folder, "w.data", offset=64)


def data_that_overlaps(folder: Path) -> Path:
    path = external(folder, "w.data", offset=0, count=2)
    with (folder / "w.data").open("ab") as file:
        file.write(b"more")
    return path


def data_that_is_not_there(folder: Path) -> Path:
    return external(folder, "elsewhere.data")


REFUSED: list[tuple[Build, int, list[str]]] = [
    (transpose_with_wrong_axes, 65, ["node 't' (Transpose)"]),
    (unsqueeze_beyond_the_rank, 65, ["node 'u' (Unsqueeze)", "99"]),
    (negative_dimension, 65, ["tensor 'w'", "-4"]),
    (negative_input_dimension, 65, ["'x'", "-4"]),
    (short_data, 65, ["tensor 'w'", "1200", "12"]),
    (convolution_without_weight, 65, ["node 'c' (Conv)"]),
    (undefined_name, 65, ["node 'a' (Add)", "'nowhere'"]),
    (cycle, 65, ["(Add)", "cycle"]),
    (endless_dimensions, 65, ["tensor 'w'", "1099511627776"]),
    (two_initializers_of_one_name, 65, ["tensor 'w'"]),
    (output_defined_twice, 65, ["node 'n' (Neg)", "'y'"]),
    (without_required_output, 65, ["node 'n' (Neg)"]),
    (nested_33_times, 65, ["nested", "offset"]),
    (nested_ten_thousand_times, 65, ["nested", "offset"]),
    (empty_attributes, 65, ["offset"]),
    (field_that_never_ends, 65, ["offset", "2147483648"]),
    (number_of_eleven_bytes, 65, ["offset"]),
    (not_a_model, 65, []),
    (empty_file, 65, ["empty"]),
    (data_above_the_folder, 65, ["tensor 'w0'", "folder"]),
    (data_at_an_absolute_path, 65, ["tensor 'w0'", "folder"]),
    (data_behind_a_link, 65, ["tensor 'w0'", "folder"]),
    (data_past_the_end, 65, ["tensor 'w0'", "offset 64"]),
    (data_that_overlaps, 65, ["tensor 'w1'", "'w0'", "overlaps"]),
    (data_that_is_not_there, 66, ["tensor 'w0'", "elsewhere.data"]),
]
"""Each with the exit code, and what the message has to name."""


# What is legal


def loop_without_end(folder: Path) -> Path:
    """A Loop over constants alone, 2^40 times."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Add", ["v", "v"], ["w"])], "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), value("v", [1])],
        [value("goes", [], TensorProto.BOOL), value("w", [1])])
    constants = [
        numpy_helper.from_array(np.array(1 << 40, dtype=np.int64), "n"), numpy_helper.from_array(np.array(True), "t"),
        weight("v0", [1]),
    ]
    nodes = [helper.make_node("Loop", ["n", "t", "v0"], ["l"], "loop", body=body), helper.make_node("Add", ["x", "l"], ["y"])]
    return saved(model(nodes, constants), folder)


def range_of_three_billion(folder: Path) -> Path:
    constants = [numpy_helper.from_array(np.array(n, dtype=np.int64), name) for name, n in [("a", 0), ("b", 3 * 10**9), ("c", 1)]]
    nodes = [
        helper.make_node("Range", ["a", "b", "c"], ["r"], "range"), helper.make_node("Shape", ["r"], ["s"]),
        helper.make_node("Cast", ["s"], ["f"], to=TensorProto.FLOAT), helper.make_node("Add", ["x", "f"], ["y"]),
    ]
    return saved(model(nodes, constants), folder)


def mean_of_three_billion(folder: Path) -> Path:
    constants = [numpy_helper.from_array(np.array(n, dtype=np.int64), name) for name, n in [("a", 0), ("b", 3 * 10**9), ("c", 1)]]
    nodes = [
        helper.make_node("Range", ["a", "b", "c"], ["r"], "range"), helper.make_node("Cast", ["r"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], keepdims=0), helper.make_node("Add", ["x", "m"], ["y"]),
    ]
    return saved(model(nodes, constants), folder)


def tiles_of_tiles(folder: Path) -> Path:
    """Each step is 1,024 times as large as the one before; the last has 4 GiB."""
    constants = [weight("t0", [1]), numpy_helper.from_array(np.array([1024], dtype=np.int64), "n")]
    nodes = [helper.make_node("Tile", [f"t{step}", "n"], [f"t{step + 1}"], f"tile{step}") for step in range(3)]
    nodes += [helper.make_node("ReduceMean", ["t3"], ["m"], keepdims=0), helper.make_node("Add", ["x", "m"], ["y"])]
    return saved(model(nodes, constants), folder)


def constant_of_three_billion(folder: Path) -> Path:
    constants = [numpy_helper.from_array(np.array([60000, 60000], dtype=np.int64), "shape")]
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["c"], "fill"), helper.make_node("ReduceMax", ["c"], ["m"], keepdims=0),
        helper.make_node("Add", ["x", "m"], ["y"]),
    ]
    return saved(model(nodes, constants), folder)


def nested_25_times(folder: Path) -> Path:
    return saved(nested_ifs(25), folder)


def joined_models(folder: Path) -> Path:
    """Two messages in a row: protobuf merges them."""
    first = model([helper.make_node("Relu", ["x"], ["y"], "r")])
    second = ModelProto(producer_name="second")
    second.graph.doc_string = "merged"
    return saved(first.SerializeToString() + second.SerializeToString(), folder)


STRANGE_NAMES = [
    b"ab\0cd", b"two\nlines", b"{brace}", b'"quoted"', b"\xff\xfe is not UTF-8", b"%", b"a" * (1 << 20), "größe 数".encode(),
]


def strange_names(folder: Path) -> Path:
    """A chain of operations, each result with one of the strange names."""
    graph = delimited(2, b"g") + delimited(11, value("x", [2]).SerializeToString())
    names = [b"x", *STRANGE_NAMES, b"y"]
    for before, after in zip(names, names[1:]):
        graph += delimited(1, delimited(1, before) + delimited(2, after) + delimited(3, after) + delimited(4, b"Sigmoid"))
    graph += delimited(12, value("y", [2]).SerializeToString())
    return saved(b"\x08\x0a" + delimited(7, graph) + delimited(8, b"\x10\x15"), folder)


def special_weights(folder: Path) -> Path:
    """NaN with a payload, infinities, a denormal, -0."""
    bits = np.array([0x7FC12345, 0xFFC00001, 0x7F800000, 0xFF800000, 1, 0x80000000], dtype=np.uint32)
    tensor = numpy_helper.from_array(np.resize(bits.view(np.float32), (64, 96)), "w")
    return saved(model([helper.make_node("MatMul", ["x", "w"], ["y"], "m")], [tensor], x=[2, 64], y=[2, 96]), folder)


def cached_model(folder: Path) -> Path:
    """As model caches lay it out: model and data are links to files of other names, in another folder."""
    blobs = folder / "blobs"
    blobs.mkdir()
    path = external(blobs, "w.data")
    path.rename(blobs / "0123")
    (blobs / "w.data").rename(blobs / "4567")
    snapshot = folder / "snapshot"
    snapshot.mkdir()
    (snapshot / "model.onnx").symlink_to("../blobs/0123")
    (snapshot / "w.data").symlink_to("../blobs/4567")
    return snapshot / "model.onnx"


LEGAL: list[Build] = [
    loop_without_end, range_of_three_billion, constant_of_three_billion, nested_25_times, joined_models, strange_names,
    cached_model,
]


BOMBS: list[tuple[Build, str, str]] = [
    (loop_without_end, "Loop", "node 'loop' (Loop)"),
    (mean_of_three_billion, "Range", "node 'range' (Range)"),
    (constant_of_three_billion, "ConstantOfShape", "node 'fill' (ConstantOfShape)"),
    (tiles_of_tiles, "Tile", "node 'tile1' (Tile)"),
]
"""What would take a long time or much memory to fold: each with the operator that stays, and where a remark says so."""


# Files of one small thing, over and over: what is little on the disk may be much in memory.

CROWDS: dict[str, Callable[[int], bytes]] = {
    "nodes": lambda i: delimited(1, delimited(4, b"A")),
    "chained nodes": lambda i: delimited(1, delimited(4, b"A") + delimited(1, b"x") * 4 + delimited(2, b"%x" % i)),
    "operands": lambda i: delimited(1, delimited(4, b"A") + delimited(1, b"x") * 1000),
    "absent operands": lambda i: delimited(1, delimited(4, b"A") + delimited(1, b"") * 1000),
    "results": lambda i: delimited(1, delimited(4, b"A") + b"".join(delimited(2, b"%x" % (i * 1000 + k)) for k in range(1000))),
    "attributes": lambda i: delimited(1, delimited(4, b"A") + b"".join(delimited(5, b"\x0a\x01%c\xa0\x01\x07" % k) for k in range(65, 91))),
    "numbers": lambda i: delimited(1, delimited(4, b"A") + delimited(5, b"\x0a\x01i\xa0\x01\x07" + delimited(8, b"\x01" * 10_000))),
    "texts": lambda i: delimited(1, delimited(4, b"A") + delimited(5, b"\x0a\x01i\xa0\x01\x08" + delimited(9, b"") * 1000)),
    "empty graphs": lambda i: delimited(1, delimited(4, b"A") + delimited(5, b"\x0a\x01i\xa0\x01\x0a" + delimited(11, b"") * 1000)),
    "initializers": lambda i: delimited(5, delimited(8, b"%x" % i) + b"\x08\x00\x10\x01"),
    "encoded numbers": lambda i: delimited(5, delimited(8, b"%x" % i) + b"\x08\xa0\x8d\x06\x10\x07" + delimited(7, b"\x01" * 100_000)),
    "inputs": lambda i: delimited(11, delimited(1, b"%x" % i)),
    "value infos": lambda i: delimited(13, b""),
    "dimensions": lambda i: delimited(11, delimited(1, b"%x" % i) + delimited(2, delimited(1, b"\x08\x01" + delimited(2, delimited(1, b"") * 100)))),
    "metadata": lambda i: delimited(16, b""),
}
"""Fields of a GraphProto, from their number."""


def crowd(field: Callable[[int], bytes], size: int, folder: Path) -> Path:
    """A model of about `size` bytes."""
    graph = bytearray(delimited(2, b"g") + delimited(11, b"\x0a\x01x") + delimited(12, b"\x0a\x01x"))
    count = 0
    while len(graph) < size:
        graph += field(count)
        count += 1
    return saved(b"\x08\x0a" + delimited(7, bytes(graph)) + delimited(8, b"\x10\x15"), folder)
