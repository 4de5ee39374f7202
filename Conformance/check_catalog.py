"""The declared operators are ONNX's: names, operands, types, attributes, defaults and versions as onnx.defs has them."""

from __future__ import annotations

import json
from pathlib import Path

import onnx.defs
from onnx import helper
from onnx.defs import OpSchema

from mcc import Mcc

DOMAINS = ("", "ai.onnx.ml")
# A constant is the IR's own; the others were renamed, and are raised to their successors.
ELSEWHERE = {("", "Constant"), ("", "Scatter"), ("", "Upsample")}
TYPES = {
    "double": "f64", "float": "f32", "float16": "f16", "bfloat16": "bf16", "float8e4m3fn": "f8e4m3fn",
    "float8e4m3fnuz": "f8e4m3fnuz", "float8e5m2": "f8e5m2", "float8e5m2fnuz": "f8e5m2fnuz", "float8e8m0": "f8e8m0fnu",
    "float6e2m3": "f6e2m3fn", "float6e3m2": "f6e3m2fn", "float4e2m1": "f4e2m1fn", "int64": "i64", "int32": "i32",
    "int16": "i16", "int8": "i8", "int4": "i4", "int2": "i2", "uint64": "u64", "uint32": "u32", "uint16": "u16",
    "uint8": "u8", "uint4": "u4", "uint2": "u2", "bool": "bool", "complex64": "c64", "complex128": "c128",
    "string": "string",
}


def check_operators_are_onnx_s(mcc: Mcc, folder: Path) -> None:
    """Every operator, in its newest version that is not deprecated; and no others."""
    printed = mcc.run("-print-ops=json")
    assert printed.returncode == 0, printed.stderr.decode()
    declared = {(entry["domain"], entry["name"]): entry for entry in map(json.loads, printed.stdout.splitlines())}
    histories: dict[tuple[str, str], list[OpSchema]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain in DOMAINS:
            histories.setdefault((schema.domain, schema.name), []).append(schema)
    expected = {key for key, history in histories.items() if key not in ELSEWHERE}
    failures = [f"{domain}::{name}: is not declared" for domain, name in sorted(expected - declared.keys())]
    failures += [f"{domain}::{name}: is not ONNX's" for domain, name in sorted(declared.keys() - expected)]
    for key in sorted(expected & declared.keys()):
        history = sorted(histories[key], key=lambda schema: schema.since_version)
        history = history[:-1] if history[-1].deprecated else history
        versions = [schema.since_version for schema in history]
        if declared[key]["versions"] != versions:
            failures.append(f"{'::'.join(key)}: versions {declared[key]['versions']}, in ONNX {versions}")
        failures += [f"{'::'.join(key)}: {found}" for found in differences(declared[key], history[-1])]
    print(f"     {len(declared)} operators declared, {len(failures)} disagreements with onnx {onnx.__version__}")
    assert not failures, "\n".join(failures)


def differences(declared: dict, schema: OpSchema):
    """In what a declaration is another than ONNX's."""
    yield from parameters(declared["operands"], schema.inputs, "operand")
    yield from parameters(declared["results"], schema.outputs, "result")
    yield from attributes(declared["attributes"], schema)
    by_name = {operand["name"]: operand for operand in declared["operands"]}
    kinds = {parameter.name: parameter.type_str for parameter in schema.inputs}
    for operand, parameter in zip(declared["operands"], schema.inputs):
        source = operand["same_type_as"]
        types = by_name[source]["types"] if source in by_name else operand["types"]
        allowed = element_types(schema, parameter)
        if set(types) != allowed:
            yield f"operand '{operand['name']}' takes {joined(set(types) - allowed)} too many, lacks {joined(allowed - set(types))}"
        if bool(operand["other_kinds"]) != takes_other_kinds(schema, parameter):
            yield f"operand '{operand['name']}': whether it takes other kinds than tensors"
        if operand["arity"] == "variadic" and bool(operand["heterogeneous"]) == parameter.is_homogeneous:
            yield f"operand '{operand['name']}': whether all are of one type"
        if source is not None and kinds.get(source) != parameter.type_str:
            yield f"operand '{operand['name']}' need not be of the type of '{source}'"
        if source is None and not parameter.type_str.startswith(("tensor(", "seq(", "map(")) and not operand["other_kinds"]:
            leaders = [name for name, kind in kinds.items() if kind == parameter.type_str and name != parameter.name]
            earlier = [name for name in leaders if list(kinds).index(name) < list(kinds).index(parameter.name)]
            if earlier and len(allowed) > 1:
                yield f"operand '{operand['name']}' is of the type of '{earlier[0]}'"
    for result, parameter in zip(declared["results"], schema.outputs):
        if (source := result["same_type_as"]) is not None and kinds.get(source) != parameter.type_str:
            yield f"result '{result['name']}' need not be of the type of '{source}'"
        if result["type"] is not None and {result["type"]} != element_types(schema, parameter):
            yield f"result '{result['name']}' is not always {result['type']}"


def parameters(declared: list[dict], formal: list, what: str):
    """Names and arities."""
    names, expected = [entry["name"] for entry in declared], [parameter.name for parameter in formal]
    if names != expected:
        yield f"{what}s {names}, in ONNX {expected}"
    for entry, parameter in zip(declared, formal):
        arity = {"Single": "required", "Optional": "optional", "Variadic": "variadic"}[parameter.option.name]
        if entry["arity"] != arity:
            yield f"{what} '{entry['name']}' is {entry['arity']}, in ONNX {arity}"
        elif arity == "variadic" and entry.get("minimum", parameter.min_arity) != parameter.min_arity:
            yield f"{what} '{entry['name']}' needs {entry['minimum']}, in ONNX {parameter.min_arity}"


def attributes(declared: list[dict], schema: OpSchema):
    """Names, kinds, whether they are needed, and defaults."""
    names = {entry["name"] for entry in declared}
    if names != set(schema.attributes):
        yield f"attributes {joined(names - set(schema.attributes))} too many, lacks {joined(set(schema.attributes) - names)}"
    for entry in declared:
        if (formal := schema.attributes.get(entry["name"])) is None:
            continue
        kind = formal.type.name.lower().removesuffix("_proto")
        if entry["kind"] != kind:
            yield f"attribute '{entry['name']}' is of kind {entry['kind']}, in ONNX {kind}"
        if bool(entry["required"]) != formal.required:
            yield f"attribute '{entry['name']}' is {'' if entry['required'] else 'not '}required, in ONNX it is otherwise"
        default = helper.get_attribute_value(formal.default_value) if formal.default_value.name else None
        if plain(default) != plain(entry["default"]):
            yield f"attribute '{entry['name']}' is {entry['default']!r} by default, in ONNX {default!r}"


def plain(value):
    """A default as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return [plain(element) for element in value] if isinstance(value, (list, tuple)) else value


def allowed_types(schema: OpSchema, parameter) -> set[str]:
    for constraint in schema.type_constraints:
        if constraint.type_param_str == parameter.type_str:
            return set(constraint.allowed_type_strs)
    return {parameter.type_str}


def element_types(schema: OpSchema, parameter) -> set[str]:
    return {TYPES[text[7:-1]] for text in allowed_types(schema, parameter) if text.startswith("tensor(")}


def takes_other_kinds(schema: OpSchema, parameter) -> bool:
    return any(not text.startswith("tensor(") for text in allowed_types(schema, parameter))


def joined(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
