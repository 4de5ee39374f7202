"""Import and export without passes give an equal model."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import roundtrip
from mcc import REPOSITORY, Mcc

MODELS = REPOSITORY / "Benchmarks" / "models"


def check_examples(mcc: Mcc, folder: Path) -> None:
    """The example, and the benchmarks' models where they have been built."""
    models = [REPOSITORY / "examples" / "digits.onnx", *sorted(MODELS.glob("*.onnx"))]
    for model in models:
        for format in (None, "mcb", "mir"):
            roundtrip.check(mcc, model, folder, by_way_of=format)


def check_everything_that_a_model_can_carry(mcc: Mcc, folder: Path) -> None:
    """Documentation, metadata, functions, annotations, sparse tensors, spellings, and fields that nobody knows."""
    source = folder / "everything.onnx"
    source.write_bytes(everything())
    for format in (None, "mcb", "mir"):
        roundtrip.check(mcc, source, folder, by_way_of=format)


def check_outputs_are_bit_equal(mcc: Mcc, folder: Path) -> None:
    """ONNX Runtime computes the same bits."""
    source = REPOSITORY / "examples" / "digits.onnx"
    result = mcc.compile(source, folder / "digits.onnx")
    feed = np.random.default_rng(1).standard_normal((3, 1, 32, 32), dtype=np.float32)
    before, after = (run(path, feed) for path in (source, result))
    assert all(np.array_equal(a, b) for a, b in zip(before, after)), "the outputs differ"


def run(model: Path, feed: np.ndarray) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options)
    return session.run(None, {session.get_inputs()[0].name: feed})


# The sender of these bytes knows a field 1000 that holds "news".
UNKNOWN_FIELD = b"\xc2\x3e\x04news"


def everything() -> bytes:
    """A model with one of each thing that exporters forget."""
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
    for message in (model, graph_of(model), graph_of(model).node[9], graph_of(model).initializer[1]):
        message.MergeFromString(UNKNOWN_FIELD)
    return model.SerializeToString()


def graph_of(model: onnx.ModelProto) -> onnx.GraphProto:
    return model.graph
