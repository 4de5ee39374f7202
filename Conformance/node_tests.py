"""ONNX's tests of single operators, made on the spot, and who judges what a model computes on their data."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests
from onnx.reference import ReferenceEvaluator

import runtime
from mcc import Mcc

Subject, Result = TypeVar("Subject"), TypeVar("Result")

# Outputs that are random: nothing to compare.
RANDOM_OPERATORS = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
# How far intermediate results may move outputs of few bits: two units of the last place.
TOLERANCE = {"bfloat16": 2**-6, "float16": 2**-9}
# What a refusal has to say: what cannot be written, and which opset could say it.
REASON = re.compile(r"node '.*' \((.+)\): error: .*opsets? (?:from )?(\d+) ")
# The pass that a refusal names.
REMEDY = re.compile(r"-passes=\S+")


@functools.cache
def node_tests() -> list[TestCase]:
    """All of them; some overflow on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [test for test in load_model_tests(kind="node") if test.model is not None]


def for_each(tests: Iterable[Subject], judge: Callable[[Subject], Result]) -> list[Result]:
    """What `judge` says of each test, in order: mcc runs on all processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(judge, tests))


def compiled(mcc: Mcc, test: TestCase, folder: Path, *options: str) -> tuple[ModelProto | None, str]:
    """The test's model after mcc, and nothing; or none, and the words with which mcc refused it."""
    source, result = folder / f"{test.name}.onnx", folder / f"{test.name}.out.onnx"
    source.write_bytes(test.model.SerializeToString())
    try:
        run = mcc.run(source, *options, "-o", result)
        said = run.stderr.decode(errors="replace").strip()
        assert run.returncode in (0, 65), f"{test.name}: exit code {run.returncode}\n{said}"
        return (onnx.load(result), "") if run.returncode == 0 else (None, said)
    finally:
        source.unlink()
        result.unlink(missing_ok=True)


def with_constant_integers(test: TestCase) -> TestCase | None:
    """The test with its first data as constants where they are 64-bit integers: axes, extents, counts. None where it
    has none."""
    model = ModelProto.FromString(test.model.SerializeToString())
    (inputs, outputs), *_ = test.data_sets
    constants = {value.name: plain(data) for value, data in zip(model.graph.input, inputs)
                 if value.type.tensor_type.elem_type == TensorProto.INT64}
    if not constants:
        return None
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    given = [(value, data) for value, data in zip(model.graph.input, inputs) if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(value for value, _ in given)
    return dataclasses.replace(test, model=model, data_sets=[([data for _, data in given], outputs)])


def wrong(test: TestCase, model: ModelProto) -> str | None:
    """What is wrong with `model`, which is to compute what the test expects; None where nothing is.

    A model that says the same as the test's is right without being run. "unjudged" is one whose outputs are random, or
    that no judge can run, nor the test's own."""
    if says_the_same(test.model, model):
        return None
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        if accepted(test.model):
            return f"{test.name}: onnx.checker: {error}"
    if any(node.op_type in RANDOM_OPERATORS for node in model.graph.node):
        return "unjudged"
    found = misses(test, model)
    if found is None:
        return None
    return f"{test.name}: {found}" if misses(test, test.model) is None else "unjudged"


def accepted(model: ModelProto) -> bool:
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError:
        return False
    return True


def says_the_same(first: ModelProto, second: ModelProto) -> bool:
    graphs = [model.graph.SerializeToString(deterministic=True) for model in (first, second)]
    versions = [{entry.domain: entry.version for entry in model.opset_import} for model in (first, second)]
    return graphs[0] == graphs[1] and versions[0] == versions[1]


def misses(test: TestCase, model: ModelProto) -> str | None:
    """How `model` fails to compute what the test expects, in the words of both judges; None where one is content."""
    for inputs, outputs in test.data_sets:
        feeds = dict(zip((value.name for value in model.graph.input), map(plain, inputs)))
        found = []
        for run in (in_onnx_runtime, in_reference_evaluator):
            try:
                found.append(difference(test, list(map(plain, outputs)), run(model, feeds)))
            except Exception as error:  # noqa: BLE001 - whatever a judge raises, it did not compute
                found.append(f"{run.__name__}: {str(error)[:200]}")
            if found[-1] is None:
                break
        else:
            return "; ".join(found)
    return None


def in_reference_evaluator(model: ModelProto, feeds: dict[str, object]) -> list:
    return ReferenceEvaluator(model).run(None, feeds)


def in_onnx_runtime(model: ModelProto, feeds: dict[str, object]) -> list:
    return runtime.outputs(model, feeds)


def plain(value: object) -> object:
    """A value of a data set as evaluators take it."""
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value


def difference(test: TestCase, expected: object, found: object) -> str | None:
    """Where two values differ; None where they do not, within what the test allows."""
    if expected is None or found is None:
        return None if expected is found else "something where nothing is expected"
    if isinstance(expected, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(expected) != len(found):
            return "another number of values"
        differences = (difference(test, a, b) for a, b in zip(expected, found))
        return next((text for text in differences if text is not None), None)
    expected, found = np.asarray(expected), np.asarray(found)
    if expected.shape != found.shape:
        return f"shape {found.shape} where {expected.shape} is expected"
    if expected.dtype.kind in "OSU":
        return None if expected.astype(str).tolist() == found.astype(str).tolist() else "other strings"
    if expected.dtype != found.dtype:
        return f"{found.dtype} where {expected.dtype} is expected"
    relative = max(test.rtol, TOLERANCE.get(str(expected.dtype), 0))
    if expected.dtype.kind != "c":
        expected, found = expected.astype(np.float64), found.astype(np.float64)
    same = np.allclose(found, expected, rtol=relative, atol=max(test.atol, 1e-5), equal_nan=True)
    return None if same else f"other numbers: {found.ravel()[:4]} where {expected.ravel()[:4]} is expected"
