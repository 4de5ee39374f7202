"""mcc knows at least as much of shapes as ONNX's own inference, and what it knows is so in a real run.

Each model is judged twice: as it is, and with a symbol for each dimension of its inputs. What models say of their values'
types is taken away first, so that all must be inferred.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx.backend.test
from onnx import ModelProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from inference import Comparison, blind, by_mcc, by_onnx, contradiction, dynamic, symbols
from mcc import REPOSITORY, Mcc
from runtime import outputs

DATA = Path(onnx.backend.test.__file__).parent / "data"
MOST_MEASURED = 100  # operations of a model whose values are all looked at in a real run
JUDGES = 2  # at a time

# Models of which ONNX says more.
STRETCHED = ("test_einsum_batch_matmul",)  # runtimes stretch an extent of 1 that meets another under one letter
OPAQUE = ("ai.onnx.preview", "ai.onnx.preview.training")  # domains whose operators mcc does not declare


@dataclass(frozen=True)
class Case:
    """A model, and what goes in and comes out in a real run, where that is known."""

    name: str
    model: ModelProto
    feeds: dict[str, np.ndarray]
    results: dict[str, np.ndarray | list]


def node_cases() -> Iterator[Case]:
    """ONNX's tests of single operators, made on the spot; some overflow on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = [test for test in collect_testcases(None) if test.model is not None]
    for test in tests:
        graph = test.model.graph
        feeds, results = test.data_sets[0] if test.data_sets else ((), ())
        yield Case(
            test.name, test.model, dict(zip([value.name for value in graph.input], feeds)),
            dict(zip([value.name for value in graph.output], results)),
        )


def carried_cases() -> Iterator[Case]:
    """The models that the onnx package carries, and the example."""
    for path in [*sorted(DATA.rglob("*.onnx")), REPOSITORY / "examples" / "digits.onnx"]:
        model = onnx.load(path)
        name = path.stem if path.stem != "model" else path.parent.name
        inputs = [read(file) for file in sorted(path.parent.glob("test_data_set_0/input_*.pb"))]
        feeds = dict(zip([value.name for value in model.graph.input], inputs))
        measured = path.stem == "model" and len(model.graph.node) <= MOST_MEASURED
        yield Case(name, model, feeds, values_of_a_run(model, feeds) if measured else {})


def read(file: Path) -> np.ndarray | None:
    """An array from a file; None for a sequence and the like."""
    try:
        return numpy_helper.to_array(onnx.load_tensor(file))
    except Exception:  # noqa: BLE001 - protobuf raises several
        return None


def values_of_a_run(model: ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All values that a model computes for these arrays; none where ONNX Runtime has no kernel for it."""
    shown = ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    names = [name for node in model.graph.node for name in node.output if name]
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    try:
        return dict(zip(names, outputs(shown, feeds)))
    except Exception:  # noqa: BLE001 - whatever ONNX Runtime raises
        return {}


def is_excused(case: Case) -> bool:
    """Whether mcc may know less of a model than ONNX does."""
    return case.name.startswith(STRETCHED) or any(node.domain in OPAQUE for node in case.model.graph.node)


def arrays(value: np.ndarray | list | None) -> list[np.ndarray]:
    """What a value is made of: itself, or the tensors of a sequence."""
    values = value if isinstance(value, list) else [value]
    return [value for value in values if isinstance(value, np.ndarray)]


def judge(mcc: Mcc, case: Case, variant: Callable[[ModelProto], ModelProto], folder: Path) -> tuple[Comparison, list[str]]:
    """What is known of a variant of one model, and what of it is wrong.

    A shape that ONNX knows and a real run contradicts is no knowledge."""
    model, comparison, mistakes = variant(blind(case.model)), Comparison(), []
    theirs = by_onnx(model)
    ours = by_mcc(mcc, model, folder)
    bound = symbols(model, case.feeds)
    for name, result in case.results.items():
        for array in arrays(result) if (name,) in theirs else []:
            if mistake := contradiction(ours.get((name,)), array, bound):
                mistakes.append(f"{case.name}: {name}: {mistake}")
            if contradiction(theirs[name,], array, bound):
                theirs[name,] = None
    comparison.add(case.name, ours, theirs)
    if is_excused(case):
        comparison.differences.clear()
    return comparison, mistakes


def judge_all(mcc: Mcc, cases: Sequence[Case], variant: Callable[[ModelProto], ModelProto], folder: Path) -> Comparison:
    """Judges all; AssertionError with whatever is known less than by ONNX, or is not so."""
    total, mistakes = Comparison(), []
    with ThreadPoolExecutor(JUDGES) as pool:
        for comparison, found in pool.map(lambda case: judge(mcc, case, variant, folder), cases):
            total += comparison
            mistakes += found
    found = [*mistakes, *total.differences]
    assert not found, f"{len(found)} shapes\n" + "\n".join(found)
    return total


def as_it_is(model: ModelProto) -> ModelProto:
    return model


def check_node_tests(mcc: Mcc, folder: Path) -> None:
    """The models of ONNX's own tests."""
    cases = list(node_cases())
    fixed, free = judge_all(mcc, cases, as_it_is, folder), judge_all(mcc, cases, dynamic, folder)
    print(f"     {len(cases)} models: {fixed}\n     with symbols: {free}")
    assert free.dimensions["mcc"] > free.dimensions["onnx"]


def check_carried_models(mcc: Mcc, folder: Path) -> None:
    """Whole models."""
    cases = list(carried_cases())
    fixed, free = judge_all(mcc, cases, as_it_is, folder), judge_all(mcc, cases, dynamic, folder)
    print(f"     {len(cases)} models: {fixed}\n     with symbols: {free}")
    assert free.dimensions["mcc"] > free.dimensions["onnx"]
