"""ONNX's tests of single operators: written as they were, written in older opsets, and said by other operators."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
from onnx.backend.test.case.test_case import TestCase

import roundtrip
from mcc import Mcc
from node_tests import REASON, compiled, for_each, node_tests, wrong


def check_import_and_export(mcc: Mcc, folder: Path) -> None:
    """Nearly every operator, and every element type, by way of .mcb: equal models, or those that compute the same.

    What is older than opset 7 is written at 7 and so is another model."""

    def judge(test: TestCase) -> str | None:
        source, between, result = (folder / f"{test.name}.{suffix}" for suffix in ("onnx", "mcb", "out.onnx"))
        source.write_bytes(test.model.SerializeToString())
        try:
            mcc.compile(mcc.compile(source, between), result)
            found = roundtrip.unequal(source, result)
            if found is None:
                # Equal models need no second opinion.
                return None if roundtrip.accepted(result) or not roundtrip.accepted(source) else "onnx.checker refuses it"
            return f"{test.name}: {found}" if is_written_as_it_was(test) else wrong(test, onnx.load(result)) or "rewritten"
        except AssertionError as failure:
            return f"{test.name}: {failure}"
        finally:
            for file in (source, between, result):
                file.unlink(missing_ok=True)

    verdicts = for_each(node_tests(), judge)
    failures = [verdict for verdict in verdicts if verdict not in (None, "rewritten")]
    print(f"     {len(verdicts)} node tests: {verdicts.count(None)} equal, {verdicts.count('rewritten')} in a newer opset and "
          f"right, {len(failures)} failed")
    assert not failures, "\n".join(failures)


def is_written_as_it_was(test: TestCase) -> bool:
    return all(entry.version >= 7 or entry.domain for entry in test.model.opset_import)


def check_written_in_opset_13(mcc: Mcc, folder: Path) -> None:
    judge_opset(mcc, folder, 13)


def check_written_in_opset_17(mcc: Mcc, folder: Path) -> None:
    judge_opset(mcc, folder, 17)


def judge_opset(mcc: Mcc, folder: Path, opset: int) -> None:
    """Each is right or refused with a reason. ONNX's own expansions of its functions are left to `expansions`."""

    def judge(test: TestCase) -> str:
        try:
            model, refusal = compiled(mcc, test, folder, f"-opset={opset}")
            if model is None:
                return "refused" if REASON.search(refusal) else f"{test.name}: refused without a reason: {refusal}"
            return wrong(test, model) or "right"
        except AssertionError as failure:
            return str(failure)

    tests = [test for test in node_tests() if "_expanded" not in test.name]
    verdicts = Counter(for_each(tests, judge))
    failures = [verdict for verdict in verdicts if verdict not in ("right", "refused", "unjudged")]
    print(f"     {len(tests)} node tests in opset {opset}: {verdicts['right']} right, {verdicts['refused']} refused with a "
          f"reason, {verdicts['unjudged']} that no judge can run, {len(failures)} wrong")
    assert not failures, "\n".join(failures)


# What ONNX defines by other operators and mcc has no body for, which has loops or regions or a cache.
UNEXPANDED = {
    "Attention", "CausalConvWithState", "CenterCropPad", "FlexAttention", "LinearAttention",
    "NegativeLogLikelihoodLoss", "Range", "RotaryEmbedding", "SequenceMap", "SoftmaxCrossEntropyLoss",
}


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
