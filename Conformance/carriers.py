"""Small models, made on the fly, that hold each thing that ONNX's format has a place for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

OPSET = 28
NEWEST_IR = 13

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name: str, shape: list | None = None, element_type: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element_type, shape)


def made(
    nodes: list[NodeProto], inputs: list, outputs: list, initializers: list[TensorProto] = (), *,
    domains: dict[str, int] | None = None, functions: list = (), ir_version: int = NEWEST_IR, opset: int = OPSET,
) -> ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(*entry) for entry in (domains or {}).items())]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=ir_version)


def branch(name: str, operator: str, *operands: str) -> GraphProto:
    return helper.make_graph([helper.make_node(operator, operands, [f"{name}_out"])], name, [], [value(f"{name}_out")])


def conditional() -> ModelProto:
    """An If in an If, whose branches use values of both graphs around them."""
    inner = helper.make_node(
        "If", ["c"], ["inner"], then_branch=branch("a", "Add", "x", "h"), else_branch=branch("b", "Neg", "h")
    )
    outer_then = helper.make_graph([helper.make_node("Abs", ["x"], ["h"]), inner], "then", [], [value("inner")])
    nodes = [helper.make_node("If", ["c"], ["y"], then_branch=outer_then, else_branch=branch("e", "Identity", "x"))]
    return made(nodes, [value("x", ["n"]), value("c", [], BOOL)], [value("y", None)])


def loop() -> ModelProto:
    """A Loop with a carried value, a scan output and a captured one."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["carried", "x"], ["next"]),
            helper.make_node("Identity", ["next"], ["scanned"]),
            helper.make_node("Identity", ["going"], ["on"]),
        ],
        "body", [value("i", [], INT64), value("going", [], BOOL), value("carried", ["n"])],
        [value("on", [], BOOL), value("next", ["n"]), value("scanned", ["n"])],
    )
    nodes = [helper.make_node("Loop", ["trips", "", "x"], ["last", "all"], body=body)]
    return made(nodes, [value("x", ["n"]), value("trips", [], INT64)], [value("last", ["n"]), value("all", ["t", "n"])])


def scan() -> ModelProto:
    """A Scan that runs backwards along the second axis, with a captured value."""
    body = helper.make_graph(
        [helper.make_node("Add", ["state", "slice"], ["next"]), helper.make_node("Mul", ["next", "f"], ["out"])],
        "body", [value("state", [2]), value("slice", [2])], [value("next", [2]), value("out", [2])],
    )
    nodes = [
        helper.make_node(
            "Scan", ["s", "x"], ["last", "all"], body=body, num_scan_inputs=1, scan_input_axes=[1],
            scan_input_directions=[1], scan_output_axes=[-1],
        )
    ]
    inputs = [value("s", [2]), value("x", [2, "t"]), value("f", [])]
    return made(nodes, inputs, [value("last", [2]), value("all", [2, "t"])])


def sequence_map() -> ModelProto:
    """A SequenceMap with a captured value; sequences go in and come out."""
    body = helper.make_graph([helper.make_node("Mul", ["item", "f"], ["made"])], "body", [value("item")], [value("made")])
    nodes = [helper.make_node("SequenceMap", ["xs"], ["ys"], body=body)]
    sequences = [helper.make_tensor_sequence_value_info(name, FLOAT, ["n"]) for name in ("xs", "ys")]
    return made(nodes, [sequences[0], value("f", [])], [sequences[1]])


def functions() -> ModelProto:
    """Functions that call each other, with attributes that are needed, given and left at their defaults."""
    scale = helper.make_node("Constant", [], ["f"])
    scale.attribute.add(name="value_float", type=onnx.AttributeProto.FLOAT, ref_attr_name="factor")
    inner = helper.make_function(
        "my.own", "Scale", ["v"], ["r"], [scale, helper.make_node("Mul", ["v", "f"], ["r"])],
        [helper.make_opsetid("", OPSET)], attribute_protos=[helper.make_attribute("factor", 2.0)],
    )
    call = helper.make_node("Scale", ["v"], ["s"], domain="my.own")
    call.attribute.add(name="factor", type=onnx.AttributeProto.FLOAT, ref_attr_name="by")
    outer = helper.make_function(
        "my.own", "Twice", ["v"], ["r"], [call, helper.make_node("Scale", ["s"], ["r"], domain="my.own")],
        [helper.make_opsetid("", OPSET), helper.make_opsetid("my.own", 1)], ["by"], doc_string="scales twice",
        value_info=[value("s", ["n"])],
    )
    outer.metadata_props.add(key="k", value="v")
    nodes = [helper.make_node("Twice", ["x"], ["y"], domain="my.own", by=3.0)]
    return made(nodes, [value("x", ["n"])], [value("y", ["n"])], domains={"my.own": 1}, functions=[inner, outer])


def kinds() -> ModelProto:
    """Values that are no dense tensors: sequences, optionals, maps, sparse tensors, opaque ones, and those in each other."""
    tensor = helper.make_tensor_type_proto(FLOAT, ["n", 2])
    sequence, optional = helper.make_sequence_type_proto(tensor), helper.make_optional_type_proto(tensor)
    types = {
        "sequence": sequence, "optional": optional, "both": helper.make_optional_type_proto(sequence),
        "deep": helper.make_sequence_type_proto(helper.make_sequence_type_proto(tensor)),
        "map": helper.make_map_type_proto(TensorProto.STRING, tensor),
        "maps": helper.make_sequence_type_proto(
            helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))
        ),
        "sparse": helper.make_sparse_tensor_type_proto(TensorProto.DOUBLE, [3, "m"]),
    }
    opaque = onnx.TypeProto()
    opaque.opaque_type.domain, opaque.opaque_type.name = "com.example", "handle"
    types["opaque"] = opaque
    untyped = onnx.TypeProto()
    untyped.opaque_type.SetInParent()
    types["nameless"] = untyped
    inputs = [helper.make_value_info(name, type_) for name, type_ in types.items()]
    outputs = [helper.make_value_info(f"{name}_out", type_) for name, type_ in types.items()]
    nodes = [helper.make_node("Pass", [name], [f"{name}_out"], domain="com.example") for name in types]
    nodes.append(helper.make_node("Optional", [], ["nothing"], type=optional))
    nodes.append(helper.make_node("Take", ["nothing"], ["taken"], domain="com.example", types=[tensor, sequence]))
    return made(nodes, inputs, [*outputs, helper.make_value_info("taken", opaque)], domains={"com.example": 1})


def element_types() -> Iterator[tuple[str, ModelProto]]:
    """An initializer, a Constant and a value of each element type, in raw and in typed fields."""
    for name, number in TensorProto.DataType.items():
        if number == TensorProto.UNDEFINED:
            continue
        for raw in (True, False):
            made_of = element_tensor(number, raw)
            if made_of is None:
                continue
            constant = element_tensor(number, raw)
            constant.name = "inside"
            nodes = [
                helper.make_node("Constant", [], ["c"], value=constant),
                helper.make_node("Pass", ["x", "w", "c"], ["y"], domain="com.example"),
            ]
            model = made(
                nodes, [value("x", ["n"], number)], [value("y", ["n"], number)], [made_of], domains={"com.example": 1}
            )
            yield f"{name.lower()}_{'raw' if raw else 'typed'}", model


def element_tensor(number: int, raw: bool) -> TensorProto | None:
    """Seven elements, so that those of less than a byte do not fill their last one; None where there are no such."""
    if number == TensorProto.STRING:
        return None if raw else helper.make_tensor("w", number, [7], [b"a", b"", b"\xff\x00", b"\n\"", b"e", b"f", b"g"])
    kind = helper.tensor_dtype_to_np_dtype(number)
    values = np.array([0, 1, 1, 0, 1, 0, 1]).astype(kind)
    if not raw:
        return helper.make_tensor("w", number, [7], values)
    return numpy_helper.from_array(values, "w")


def sparse() -> ModelProto:
    """Sparse initializers with indices of both forms, and one as an attribute."""
    def tensor(name: str, indices: np.ndarray) -> onnx.SparseTensorProto:
        return helper.make_sparse_tensor(
            helper.make_tensor(name, FLOAT, [2], [1.0, -2.0]), numpy_helper.from_array(indices), [3, 4]
        )

    nodes = [
        helper.make_node("Constant", [], ["c"], sparse_value=tensor("", np.array([0, 5]))),
        helper.make_node("Pass", ["linear", "pairs", "c"], ["y"], domain="com.example"),
    ]
    model = made(nodes, [], [value("y", [3, 4])], domains={"com.example": 1})
    model.graph.sparse_initializer.append(tensor("linear", np.array([0, 5])))
    model.graph.sparse_initializer.append(tensor("pairs", np.array([[0, 0], [1, 1]])))
    return model


def defaults(ir_version: int) -> ModelProto:
    """An initializer that is an input, between others that are not: a constant below IR version 4, a default from there."""
    weights = [numpy_helper.from_array(np.float32([1, 2]), name) for name in ("w", "v")]
    nodes = [helper.make_node("Add", ["x", "w"], ["h"]), helper.make_node("Mul", ["h", "v"], ["y"])]
    inputs = [value("w", [2]), value("x", [2])] + ([value("v", [2])] if ir_version < 4 else [])
    return made(nodes, inputs, [value("y", [2])], weights, ir_version=ir_version, opset=8 if ir_version < 4 else OPSET)


def annotated() -> ModelProto:
    """Quantization annotations, metadata and documentation everywhere, and devices."""
    weights = [numpy_helper.from_array(np.float32(0.5), "scale"), numpy_helper.from_array(np.int8(0), "zero")]
    node = helper.make_node("Relu", ["x"], ["y"], "r", doc_string="rectifies")
    node.metadata_props.add(key="layer", value="1")
    device = node.device_configurations.add(configuration_id="two", pipeline_stage=1)
    spec = device.sharding_spec.add(tensor_name="x", device=[0, 1])
    spec.index_to_device_group_map.add(key=0, value=[0, 1])
    dimension = spec.sharded_dim.add(axis=0)
    dimension.simple_sharding.add(num_shards=2, dim_param="n")
    dimension.simple_sharding.add(num_shards=1, dim_value=4)
    model = made([node], [value("x", ["n"])], [value("y", ["n"])], weights)
    model.configuration.add(name="two", num_devices=2, device=["a", "b"])
    annotation = model.graph.quantization_annotation.add(tensor_name="y")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="scale")
    annotation.quant_parameter_tensor_names.add(key="ZERO_POINT_TENSOR", value="zero")
    model.graph.input[0].doc_string, model.graph.doc_string, model.doc_string = "input", "graph", "model"
    model.graph.input[0].metadata_props.add(key="unit", value="pixel")
    model.graph.initializer[0].metadata_props.add(key="of", value="y")
    model.graph.metadata_props.add(key="graph", value="yes")
    model.metadata_props.add(key="license", value="none")
    return model


def training() -> ModelProto:
    """A graph of training beside the main one."""
    model = made([helper.make_node("Relu", ["x"], ["y"])], [value("x", ["n"])], [value("y", ["n"])])
    info = model.training_info.add()
    info.initialization.CopyFrom(branch("start", "Identity", "w0"))
    info.algorithm.CopyFrom(branch("step", "Neg", "w"))
    info.initialization_binding.add(key="w", value="start_out")
    info.update_binding.add(key="w", value="step_out")
    return model


# The sender of these bytes knows a field 1000 that holds "news".
UNKNOWN_FIELD = b"\xc2\x3e\x04news"


def everything() -> bytes:
    """A model with one of each thing that exporters forget, and fields that nobody knows."""
    weight = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "w\n\"{}")
    weight.doc_string = "a weight"
    weight.metadata_props.add(key="layer", value="1")
    typed = helper.make_tensor("typed", TensorProto.FLOAT16, [2], [1.5, -0.0])
    scale = numpy_helper.from_array(np.float32(0.5), "scale")
    zero = numpy_helper.from_array(np.int8(0), "zero")
    default = numpy_helper.from_array(np.float32([1, 2, 3]), "y")
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("sparse", TensorProto.FLOAT, [2], [1.0, 2.0]),
        helper.make_tensor("", TensorProto.INT64, [2], [0, 4]),
        [5],
    )
    branch = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["inner"], name="take")],
        "branch", [], [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["inner"])], "other", [], [onnx.ValueInfoProto(name="inner")]
    )
    call = helper.make_node("Scale", ["x"], ["scaled"], domain="my.own", overload="twice", factor=2.0, name="call")
    call.metadata_props.add(key="k", value="v")
    constants = [
        helper.make_node("Constant", [], ["c_tensor"], value=helper.make_tensor("inside", TensorProto.INT64, [1], [7])),
        helper.make_node("Constant", [], ["c_floats"], value_floats=[1.0, float("nan")]),
        helper.make_node("Constant", [], ["c_strings"], value_strings=[b"\xff\x00", b""]),
        helper.make_node("Constant", [], ["c_sparse"], sparse_value=sparse),
    ]
    if_node = helper.make_node("If", ["flag"], ["chosen"], then_branch=branch, else_branch=other)
    if_node.doc_string = "choose"
    strange = helper.make_node(
        "Strange", ["x", "", "typed", "sparse"], ["", "strange"], domain="com.example",
        z=[1, 2], a="text", t=helper.make_tensor_type_proto(TensorProto.FLOAT, ["n"]),
    )
    strange.attribute.add(name="zero", type=onnx.AttributeProto.FLOAT, f=0.0)
    strange.attribute[0].doc_string = "documented"
    strange.attribute.add(name="empty", type=onnx.AttributeProto.INTS)
    spelled = helper.make_node("Relu", ["scaled"], ["relu"], domain="ai.onnx", name="")
    add = helper.make_node("Add", ["relu", "y"], ["out"])
    weigh = helper.make_node("MatMul", ["x2", weight.name], ["product"])
    graph = helper.make_graph(
        [*constants, call, if_node, strange, spelled, add, weigh], "main graph",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3], doc_string="the input"),
            helper.make_tensor_value_info("flag", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [3]),
            helper.make_tensor_value_info("x2", TensorProto.FLOAT, ["2*batch", 2]),
        ],
        [
            helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("chosen", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("product", TensorProto.FLOAT, ["2*batch", 3]),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3]),
        ],
        [scale, weight, default, typed, zero],
        "documentation",
        [
            helper.make_tensor_value_info("relu", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("gone", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("scaled", TensorProto.FLOAT, ["batch", None]),
        ],
    )
    graph.sparse_initializer.append(sparse)
    annotation = graph.quantization_annotation.add(tensor_name="relu")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="scale")
    annotation.quant_parameter_tensor_names.add(key="ZERO_POINT_TENSOR", value="zero")
    graph.quantization_annotation.add(tensor_name="nobody")
    graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    graph.metadata_props.add(key="graph", value="yes")
    function = helper.make_function(
        "my.own", "Scale", ["v"], ["r"],
        [
            helper.make_node("Constant", [], ["f"]),
            helper.make_node("Mul", ["v", "f"], ["r"], name="multiply"),
        ],
        [helper.make_opsetid("", 21)], ["factor"], overload="twice", doc_string="scales",
    )
    function.node[0].attribute.add(name="value_float", type=onnx.AttributeProto.FLOAT, ref_attr_name="factor")
    model = helper.make_model(
        graph, functions=[function], ir_version=11, producer_name="nobody", producer_version="0.1",
        opset_imports=[
            helper.make_opsetid("com.example", 3), helper.make_opsetid("ai.onnx", 21), helper.make_opsetid("my.own", 1)
        ],
    )
    model.domain = "org.example"
    model.model_version = 5
    model.doc_string = ""
    model.metadata_props.add(key="license", value="none")
    training = model.training_info.add()
    training.algorithm.name = "train"
    training.update_binding.add(key="w", value="w2")
    model.configuration.add(name="two", num_devices=2, device=["a", "b"])
    device = model.graph.node[4].device_configurations.add(configuration_id="two", pipeline_stage=1)
    device.sharding_spec.add(tensor_name="x", device=[0, 1]).sharded_dim.add(axis=0).simple_sharding.add(num_shards=2)
    device.sharding_spec.add(tensor_name="elsewhere")
    for message in (model, model.graph, model.graph.node[9], model.graph.initializer[1]):
        message.MergeFromString(UNKNOWN_FIELD)
    return model.SerializeToString()


MODELS: dict[str, Callable[[], ModelProto]] = {
    "if": conditional,
    "loop": loop,
    "scan": scan,
    "sequence_map": sequence_map,
    "functions": functions,
    "kinds": kinds,
    "sparse": sparse,
    "constants_of_old_files": lambda: defaults(3),
    "defaults": lambda: defaults(8),
    "annotations": annotated,
    "training": training,
}


def models() -> Iterator[tuple[str, ModelProto]]:
    """All of them, by name."""
    yield from ((name, make()) for name, make in MODELS.items())
    yield from element_types()
