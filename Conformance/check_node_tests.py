"""ONNX's tests of single operators: written as they were, written in older opsets, and said by other operators."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
from onnx.backend.test.case.test_case import TestCase

import roundtrip
from mcc import Mcc
from node_tests import REASON, REMEDY, compiled, for_each, node_tests, with_constant_integers, wrong


def check_import_and_export(mcc: Mcc, folder: Path) -> None:
    """Nearly every operator, and every element type, by way of text and .mcb: equal models, or those that compute the same.

    The text says the same once it has been read. What is older than opset 7 is written at 7 and so is another model."""

    def judge(test: TestCase) -> str | None:
        source, result = folder / f"{test.name}.onnx", folder / f"{test.name}.out.onnx"
        source.write_bytes(test.model.SerializeToString())
        try:
            roundtrip.by_way_of(mcc, source, result, *roundtrip.ALL_AT_ONCE)
            found = roundtrip.unequal(source, result)
            if found is None:
                # Equal models need no second opinion.
                return None if roundtrip.accepted(result) or not roundtrip.accepted(source) else "onnx.checker refuses it"
            return f"{test.name}: {found}" if is_written_as_it_was(test) else wrong(test, onnx.load(result)) or "rewritten"
        except AssertionError as failure:
            return f"{test.name}: {failure}"
        finally:
            for file in folder.glob(f"{test.name}.*"):
                file.unlink()

    verdicts = for_each(node_tests(), judge)
    failures = [verdict for verdict in verdicts if verdict not in (None, "rewritten")]
    print(f"     {len(verdicts)} node tests: {verdicts.count(None)} equal, {verdicts.count('rewritten')} in a newer opset and "
          f"right, {len(failures)} failed")
    assert not failures, "\n".join(failures)


def is_written_as_it_was(test: TestCase) -> bool:
    return all(entry.version >= 7 or entry.domain for entry in test.model.opset_import)


# What older opsets have no words for, and the youngest opset that a test of it needs.
REFUSED_IN_17 = {
    "AveragePool": 19, "BitCast": 26, "BitwiseAnd": 18, "BitwiseNot": 18, "BitwiseOr": 18, "BitwiseXor": 18,
    "Cast": 25, "Col2Im": 18, "CumProd": 26, "DeformConv": 19, "DequantizeLinear": 25, "Einsum": 28, "Equal": 19,
    "GridSample": 20, "ImageDecoder": 20, "LpPool": 18, "Pad": 19, "QLinearMatMul": 21, "QuantizeLinear": 25,
    "RegexFullMatch": 20, "Resize": 19, "ScatterElements": 18, "ScatterND": 18, "StringConcat": 20,
    "StringSplit": 20, "TensorScatter": 24,
}
REFUSED_IN_13 = REFUSED_IN_17 | {
    "BatchNormalization": 14, "DFT": 17, "GridSample": 16, "Identity": 16, "If": 16, "Loop": 16,
    "MelWeightMatrix": 17, "OptionalGetElement": 15, "OptionalHasElement": 15, "RoiAlign": 16, "STFT": 17,
    "ScatterElements": 16, "ScatterND": 16, "Where": 16,
}


def check_written_in_opset_13(mcc: Mcc, folder: Path) -> None:
    judge_opset(mcc, folder, 13, REFUSED_IN_13)


def check_written_in_opset_17(mcc: Mcc, folder: Path) -> None:
    judge_opset(mcc, folder, 17, REFUSED_IN_17)


def judge_opset(mcc: Mcc, folder: Path, opset: int, expected: dict[str, int]) -> None:
    """Each is right or refused with a reason. ONNX's own expansions of its functions are left to `expansions`.

    What is refused gets a second chance with what refusals ask for: integers that are constant, and the pass that says
    the operator by others. What is refused then has to be what is expected."""
    refused: dict[str, int] = {}

    def judge(test: TestCase) -> str:
        try:
            options = [f"-opset={opset}"]
            model, refusal = compiled(mcc, test, folder, *options)
            way = "right"
            if model is None and (constant := with_constant_integers(test)):
                way, test = "with constants", constant
                model, refusal = compiled(mcc, test, folder, *options)
            while model is None and (remedy := REMEDY.search(refusal)) and remedy[0] not in options:
                way = "by the pass that is named"
                options.append(remedy[0])
                model, refusal = compiled(mcc, test, folder, *options)
            if model is not None:
                return wrong(test, model) or way
            if not (reason := REASON.search(refusal)):
                return f"{test.name}: refused without a reason: {refusal}"
            refused[reason[1]] = max(int(reason[2]), refused.get(reason[1], 0))
            return "refused"
        except AssertionError as failure:
            return str(failure)

    tests = [test for test in node_tests() if "_expanded" not in test.name]
    verdicts = Counter(for_each(tests, judge))
    counted = ("right", "with constants", "by the pass that is named", "unjudged", "refused")
    failures = [verdict for verdict in verdicts if verdict not in counted]
    print(f"     {len(tests)} node tests in opset {opset}: {verdicts['right']} right, {verdicts[counted[1]]} more once their "
          f"integers are constant, {verdicts[counted[2]]} more by the pass that the refusal names, {verdicts['unjudged']} that no "
          f"judge can run, {verdicts['refused']} refused with a reason, {len(failures)} wrong")
    print(f"     needs opset: {named(refused)}")
    assert not failures, "\n".join(failures)
    assert refused == expected, f"refused is {named(refused)}\nexpected was {named(expected)}"


def named(refused: dict[str, int]) -> str:
    return ", ".join(f"{name} {opset}" for name, opset in sorted(refused.items()))


# What ONNX defines by other operators, but previews only: mcc has no body for it.
UNEXPANDED = {"FlexAttention"}


def check_expansions(mcc: Mcc, folder: Path) -> None:
    """What operators that ONNX defines by others compute in the words of those."""
    functions = {schema.name for schema in onnx.defs.get_all_schemas() if schema.has_function or schema.has_context_dependent_function}

    def judge(test: TestCase) -> str:
        try:
            model, refusal = compiled(mcc, test, folder, "-passes=expand-functions", "-verify-each")
            assert model is not None, f"{test.name}: {refusal}"
            if any(node.op_type in functions - UNEXPANDED for node in model.graph.node):
                return f"{test.name}: is not expanded"
            return wrong(test, model) or "right"
        except AssertionError as failure:
            return str(failure)

    def concerns(test: TestCase) -> bool:
        operators = {node.op_type for node in test.model.graph.node}
        return bool(operators & (functions - UNEXPANDED)) and not operators & UNEXPANDED and "_expanded" not in test.name

    tests = [test for test in node_tests() if concerns(test)]
    verdicts = Counter(for_each(tests, judge))
    failures = [verdict for verdict in verdicts if verdict not in ("right", "unjudged")]
    print(f"     {len(functions - UNEXPANDED)} of {len(functions)} operators that ONNX defines by others, {len(tests)} node tests of "
          f"them: {verdicts['right']} right, {verdicts['unjudged']} that no judge can run, {len(failures)} wrong")
    assert not failures, "\n".join(failures)
