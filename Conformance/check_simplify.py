"""`simplify` gives models with the same outputs, never with more operations; `fold` computes what ONNX says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

from costs import costs, operation_count
from mcc import Mcc
from runtime import outputs
from samples import Sample, each, samples

PASSES = ("-passes=simplify", "-verify-each")
RTOL, ATOL = 1e-4, 1e-5
NARROW = {"float16": 2**-9, "bfloat16": 2**-6}  # a unit of the last place or two
# Generators of random numbers, and what ONNX Runtime computes by other rules than the model says.
RANDOM = re.compile("RandomNormal|RandomUniform|Bernoulli|Multinomial|Dropout")


def run(model: ModelProto, feeds: dict[str, np.ndarray]) -> list[np.ndarray] | None:
    """What `model` computes, in ONNX Runtime or else in ONNX's reference; `None` where neither runs it."""
    for compute in (outputs, lambda model, feeds: ReferenceEvaluator(model).run(None, feeds)):
        try:
            return compute(model, feeds)
        except Exception:  # noqa: BLE001, S112 - whatever it is, it is not mcc's
            continue
    return None


def differs(results: list, expected: list) -> str | None:
    """How results differ from what was expected: `None` where they do not."""
    for index, (result, wanted) in enumerate(zip(results, expected, strict=True)):
        if isinstance(wanted, list):
            if reason := differs(result, wanted):
                return f"output {index}: {reason}"
            continue
        if wanted is None or result is None:
            if wanted is not result:
                return f"output {index} is {result}, not {wanted}"
            continue
        result, wanted = np.asarray(result), np.asarray(wanted)
        rtol = NARROW.get(wanted.dtype.name, RTOL)
        if (result.dtype, result.shape) != (wanted.dtype, wanted.shape):
            return f"output {index} is {result.dtype}{result.shape}, not {wanted.dtype}{wanted.shape}"
        if wanted.dtype.kind in "OSUb":
            if not np.array_equal(result, wanted):
                return f"output {index} differs"
        else:
            with np.errstate(invalid="ignore"):
                complex_or_double = np.complex128 if wanted.dtype.kind == "c" else np.float64
                result, wanted = result.astype(complex_or_double), wanted.astype(complex_or_double)
                close = np.isclose(result, wanted, rtol, ATOL, equal_nan=True)
            if not close.all():
                return f"output {index} differs by {np.abs(result - wanted)[~close].max()}"
    return None


def judge(mcc: Mcc, sample: Sample, folder: Path, *options: str) -> ModelProto:
    """Compiles a sample and raises where its outputs or its operations are not as they must be."""
    source, target = folder / "before.onnx", folder / "after.onnx"
    onnx.save(sample.model, source)
    after = onnx.load(mcc.compile(source, target, *options))
    more = costs(after).more_than(costs(sample.model))
    assert more is None, more
    expected = run(sample.model, sample.feeds)
    if expected is not None:
        results = run(after, sample.feeds)
        assert results is not None, "nothing runs the result"
        reason = differs(results, expected)
        assert reason is None, reason
    return after


def node_tests() -> Iterator[Sample]:
    """ONNX's own tests of single operators, with their first data set."""
    seen = set()
    for case in collect_testcases(None):
        if case.name in seen or case.model is None or RANDOM.search(case.model.SerializeToString().decode("latin1")):
            continue
        seen.add(case.name)
        inputs, _ = case.data_sets[0]
        names = [value.name for value in case.model.graph.input]
        yield Sample(case.name, case.model, dict(zip(names, inputs, strict=False)), {})


def with_constant_inputs(sample: Sample) -> Sample | None:
    """The same computation without an input; `None` where an input is no tensor."""
    tensors = {name: np.asarray(value) for name, value in sample.feeds.items() if isinstance(value, np.ndarray | np.generic)}
    if len(tensors) < len(sample.feeds):
        return None
    model = ModelProto()
    model.CopyFrom(sample.model)
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    del model.graph.input[:]
    for name, value in tensors.items():
        tensor = numpy_helper.from_array(value, name)
        if tensor.data_type != types[name]:
            return None
        model.graph.initializer.append(tensor)
    return Sample(f"{sample.name} of constants", model, {}, {})


def check_samples(mcc: Mcc, folder: Path) -> None:
    """The small models of this folder, which a second run leaves as they are."""

    def judge_twice(sample: Sample) -> None:
        judge(mcc, sample, folder, *PASSES)
        again = mcc.compile(folder / "after.onnx", folder / "again.onnx", *PASSES)
        assert again.read_bytes() == (folder / "after.onnx").read_bytes(), "a second run changes something"

    each(samples(), judge_twice)


def check_node_tests(mcc: Mcc, folder: Path) -> None:
    """Every operator, in every version."""
    each(node_tests(), lambda sample: judge(mcc, sample, folder, *PASSES))


def check_folding(mcc: Mcc, folder: Path) -> None:
    """Every operator on constants: what is folded is what a runtime computes, or else what ONNX's test expects."""
    constant = filter(None, map(with_constant_inputs, node_tests()))
    expected = {f"{case.name} of constants": case.data_sets[0][1] for case in collect_testcases(None) if case.data_sets}
    folded = []

    def fold(sample: Sample) -> None:
        try:
            after = judge(mcc, sample, folder, "-passes=fold{growth=1MiB},dead-weights", "-verify-each")
        except AssertionError:
            after = onnx.load(folder / "after.onnx")
            assert operation_count(after) <= operation_count(sample.model), "there are more operations"
            reason = differs(run(after, {}), [np.asarray(value) for value in expected[sample.name]])
            assert reason is None, reason
        folded.append(not after.graph.node)

    each(constant, fold)
    print(f"    {sum(folded)} of {len(folded)} node tests fold to constants", flush=True)
    assert sum(folded) >= 1600, f"only {sum(folded)} of {len(folded)} were folded"


def feeds(model: ModelProto, seed: int) -> dict[str, np.ndarray]:
    """Inputs for a whole model: unknown extents are 2; integers are small, like the indices of words."""
    random = np.random.default_rng(seed)
    constants = {tensor.name for tensor in model.graph.initializer}
    made = {}
    for value in model.graph.input:
        if value.name in constants:
            continue
        kind = value.type.tensor_type
        shape = [axis.dim_value or 2 for axis in kind.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        made[value.name] = (
            random.integers(0, 2, shape).astype(dtype)
            if dtype.kind in "iub"
            else (random.standard_normal(shape) * (1, 1, 10)[seed % 3]).astype(dtype)
        )
    return made


def check_models(mcc: Mcc, folder: Path) -> None:
    """The models in the folder that MCC_MODELS names; without it, nothing."""
    models = sorted(Path(os.environ["MCC_MODELS"]).glob("*.onnx")) if "MCC_MODELS" in os.environ else []
    failures = []
    for model in models:
        after = mcc.compile(model, folder / model.name, *PASSES)
        before = onnx.load(model, load_external_data=False)
        counts = operation_count(before), operation_count(onnx.load(after, load_external_data=False))
        print(f"    {model.name}: {counts[0]} operations became {counts[1]}", flush=True)
        if counts[1] > counts[0]:
            failures.append(f"{model.name}: {counts[0]} operations became {counts[1]}")
        for seed in range(3):
            if model.stat().st_size > 1 << 30 or any(f.suffix == ".data" for f in folder.iterdir()):
                break
            given = feeds(before, seed)
            if reason := differs(outputs(after, given), outputs(model, given)):
                failures.append(f"{model.name}, seed {seed}: {reason}")
        for file in folder.iterdir():
            file.unlink()
    assert not failures, "\n".join(failures)
