"""The forms that operators had in older opsets, raised to the newest one."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
from onnx import AttributeProto, ModelProto, helper
from onnx.backend.test.case.test_case import TestCase

from mcc import Mcc
from node_tests import (
    RANDOM_OPERATORS, accepted, compiled, for_each, in_onnx_runtime, in_reference_evaluator, misses, node_tests, plain,
)

NEWEST = onnx.defs.onnx_opset_version()
# The newest opset of which ONNX Runtime has all operators of the first ones.
JUDGED = 21
# Forms that say nothing of what the tests do: other words for modes, indices counted from the back (of which ONNX Runtime
# makes something all the same), slopes of any shape.
OTHERWISE = {("GridSample", 16), ("OneHot", 9), ("PRelu", 1), ("PRelu", 6)}


def check_forms_of_the_first_opsets(mcc: Mcc, folder: Path) -> None:
    """Those that no test of ONNX has, against what they say in NumPy's words."""
    x = np.array([[[[1, -2, 3, -4], [5, 6, -7, 8], [-1, 2, 3, 4], [0, 1, 2, -3]]]], np.float32)
    line = np.array([-1.5, 0, 2], np.float32)
    three = np.arange(24, dtype=np.float32).reshape(1, 3, 2, 4) - 12
    four = [[x[0, 0, row:row + 2, column:column + 2] for column in (0, 2)] for row in (0, 2)]
    slope = np.array([0.5, -1, 2], np.float32)
    cases = [
        (1, "float[3] x", "y = Selu(x)", [line], np.where(line > 0, line, 1.6732 * np.exp(line) - 1.6732) * 1.0507),
        (1, "float[1,1,4,4] x", "y = LpPool<kernel_shape=[2,2], strides=[2,2], p=1.0>(x)", [x],
         np.array([[[[np.abs(part).sum() for part in row] for row in four]]])),
        (1, "float[1,1,4,4] x", "y = GlobalLpPool<p=1.0>(x)", [x], np.abs(x).sum(axis=(2, 3), keepdims=True)),
        (1, "float[1,1,4,4] x", "y = GlobalLpPool(x)", [x], np.sqrt((x * x).sum(axis=(2, 3), keepdims=True))),
        (1, "float[1,1,4,4] x", "y = Pad<paddings=[0,0,1,0,0,0,0,2], value=7.0>(x)", [x],
         np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 2)], constant_values=7)),
        (1, "float[1,1,4,4] x", "n = Constant<value = float {2.0}>() a = Constant<value = float {3.0}>() y = Tile(x, n, a)",
         [x], np.tile(x, (1, 1, 1, 2))),
        (1, "float[3] x", "s = Constant<value = float[2] {1.0, 2.0}>() z, y = Split<axis=0>(x, s)", [line], line[1:]),
        (1, "float[1,1,4,4] x", "y = Upsample<height_scale=2.0, width_scale=1.0>(x)", [x], x.repeat(2, axis=2)),
        (6, "float[1,3,2,4] x, float[3] s", "y = PRelu(x, s)", [three, slope],
         np.where(three < 0, three * slope.reshape(3, 1, 1), three)),
        (9, "float[1,1,4,4] x", "s = Constant<value = float[4] {1.0, 1.0, 2.0, 3.0}>() y = Upsample(x, s)", [x],
         x.repeat(2, axis=2).repeat(3, axis=3)),
    ]
    for opset, inputs, nodes, feeds, expected in cases:
        text = f'<ir_version: 3, opset_import: ["" : {opset}]> g ({inputs}) => (float[] y) {{ {nodes} }}'
        model = onnx.parser.parse_model(text)
        model.graph.output[0].type.tensor_type.ClearField("shape")
        test = TestCase("form", "form", None, None, model, [(feeds, [np.asarray(expected, np.float32)])], "node", 1e-4, 1e-5)
        raised, refusal = compiled(mcc, test, folder, "-passes=raise", f"-opset={JUDGED}")
        assert raised is not None, f"{nodes}: {refusal}"
        found = misses(test, raised)
        assert found is None, f"{nodes}: {found}"
    print(f"     {len(cases)} forms of the first opsets, raised, compute what they say")


def check_every_form(mcc: Mcc, folder: Path) -> None:
    """Each version of each operator, by ONNX's tests as far as that version can say them.

    What it computes is what the test expects, or, where the meaning has changed, what the older model computes."""
    schemas = [schema for schema in onnx.defs.get_all_schemas_with_history() if not schema.domain and not schema.deprecated]
    newest = {schema.name: schema.since_version for schema in onnx.defs.get_all_schemas() if not schema.domain}
    older = sorted((schema.name, schema.since_version) for schema in schemas if schema.since_version != newest.get(schema.name))

    def judge(form: tuple[str, int]) -> tuple[str, str]:
        name = "{}@{}".format(*form)
        test = next(tests_of(*form), None)
        if test is None:
            return name, "has no test"
        try:
            raised, refusal = compiled(mcc, test, folder, "-passes=raise", f"-opset={NEWEST}")
            if raised is None:
                return name, f"{name}: {refusal}"
            found = verdict(test, raised)
            return name, found if found in ("right", "unjudged") else f"{name}: {found}"
        except AssertionError as failure:
            return name, f"{name}: {failure}"

    found = dict(for_each(older, judge))
    counts = Counter(found.values())
    failures = [text for text in counts if text not in ("right", "unjudged", "has no test")]
    print(f"     {len(older)} older forms of operators: {counts['right']} right in opset {NEWEST}, {counts['unjudged']} that no "
          f"judge can run, {counts['has no test']} that no test of ONNX can be brought to, {len(failures)} wrong")
    print(f"     without a test: {', '.join(name for name, text in found.items() if text == 'has no test')}")
    assert not failures, "\n".join(failures)


def verdict(test: TestCase, raised: ModelProto) -> str:
    if any(node.op_type in RANDOM_OPERATORS for node in raised.graph.node):
        return "unjudged"
    wrong = misses(test, raised)
    if wrong is None:
        return "right"
    for run in (in_onnx_runtime, in_reference_evaluator):
        try:
            data = [(inputs, run(test.model, dict(zip((value.name for value in test.model.graph.input), map(plain, inputs)))))
                    for inputs, _ in test.data_sets]
        except Exception:  # noqa: BLE001 - whatever a judge raises, it did not compute
            continue
        if misses(dataclasses.replace(test, data_sets=data), raised) is None:
            return "right"
    original = next(each for each in node_tests() if each.name == test.name.rpartition("_")[0])
    return wrong if misses(original, original.model) is None else "unjudged"


def tests_of(name: str, version: int) -> Iterator[TestCase]:
    """ONNX's tests of an operator as one of its older versions says them; only what the checker accepts."""
    schema = onnx.defs.get_schema(name, version)
    for test in by_operator().get(name, []) if (name, version) not in OTHERWISE else []:
        aged = as_said_before(test, schema)
        if aged is not None and accepted(aged.model):
            yield aged


@functools.cache
def by_operator() -> dict[str, list[TestCase]]:
    """The tests of one operation of the default domain, by its operator."""
    tests: dict[str, list[TestCase]] = {}
    for test in node_tests():
        nodes = test.model.graph.node
        if len(nodes) == 1 and not nodes[0].domain and test.data_sets:
            tests.setdefault(nodes[0].op_type, []).append(test)
    return tests


def as_said_before(test: TestCase, schema: onnx.defs.OpSchema) -> TestCase | None:
    """The test with operands as attributes where that was how they were said; None where they were not."""
    model = ModelProto.FromString(test.model.SerializeToString())
    node = model.graph.node[0]
    own = onnx.defs.get_schema(node.op_type, test.model.opset_import[0].version)
    declared = [parameter.name for parameter in own.inputs]
    former = [parameter.name for parameter in schema.inputs]
    if own.since_version < schema.since_version and declared != former:
        return None
    (inputs, outputs), *_ = test.data_sets
    data = {value.name: plain(array) for value, array in zip(model.graph.input, inputs)}
    kept = [operand for index, operand in enumerate(node.input) if index < len(former) or declared[-1] == former[-1]]
    for name, operand in list(zip(declared, node.input))[len(kept):]:
        if not operand:
            continue
        kind = schema.attributes[name].type if name in schema.attributes else None
        array = np.asarray(data.get(operand))
        # Whether no axes at all are all of them or none was never said of attributes.
        if operand not in data or array.size == 0 or kind not in (AttributeProto.INT, AttributeProto.INTS, AttributeProto.FLOAT):
            return None
        node.attribute.append(helper.make_attribute(
            name, array.ravel().tolist() if kind == AttributeProto.INTS else array.ravel()[0].item(), attr_type=kind))
    del node.input[:]
    node.input.extend(kept)
    given = [(value, array) for value, array in zip(model.graph.input, inputs) if value.name in kept]
    del model.graph.input[:]
    model.graph.input.extend(value for value, _ in given)
    if not former[:1] == declared[:1] and len(former) != len(declared):
        return None
    shapes = {tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim) for value in model.graph.input}
    if "broadcast" in schema.attributes and len(shapes) > 1:
        return None
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", schema.since_version))
    model.ir_version = helper.find_min_ir_version_for(model.opset_import, ignore_unknown=True)
    name = f"{test.name}_{schema.since_version}"
    return dataclasses.replace(test, name=name, model=model, data_sets=[([array for _, array in given], outputs)])
