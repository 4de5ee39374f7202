"""The models with data that the onnx package carries, most at opset 6, written in opsets old and new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

import runtime
from mcc import Mcc
from node_tests import REASON, compiled, for_each, wrong

OPSETS = (7, 13, 21, onnx.defs.onnx_opset_version())
# The training operator Gradient is one that neither ONNX Runtime nor the reference evaluator can run.
NOBODY_RUNS = {"simple-test_gradient_of_add", "simple-test_gradient_of_add_and_mul"}
DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


def models() -> Iterator[TestCase]:
    """Each with inputs and what it is to compute: read, or, where there are no inputs, computed by ONNX Runtime."""
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        for test in load_model_tests(kind=kind):
            model = onnx.load(Path(test.model_dir) / "model.onnx")
            yield case(f"{kind}-{test.name}", model, list(data_sets(Path(test.model_dir), model)))
    for path in sorted((DATA / "light").glob("*.onnx")):
        model = onnx.load(path)
        held = {initializer.name for initializer in model.graph.initializer}
        shapes = {
            value.name: [dimension.dim_value or 1 for dimension in value.type.tensor_type.shape.dim]
            for value in model.graph.input
            if value.name not in held
        }
        random = np.random.default_rng(3)
        feeds = {name: random.random(shape, dtype=np.float32) for name, shape in shapes.items()}
        yield case(path.stem, model, [(list(feeds.values()), runtime.outputs(model, feeds))])


def case(name: str, model: onnx.ModelProto, data: list) -> TestCase:
    return TestCase(name, name, None, None, model, data, "packaged", 1e-3, 1e-5)


def data_sets(folder: Path, model: onnx.ModelProto) -> Iterator[tuple[list, list]]:
    for data in sorted(folder.glob("test_data_set_*")):
        yield tuple(
            [
                onnx.numpy_helper.to_array(onnx.load_tensor(data / f"{kind}_{index}.pb"))
                for index in range(len(list(data.glob(f"{kind}_*.pb"))))
            ]
            for kind in ("input", "output")
        )


def check_written_in_every_opset(mcc: Mcc, folder: Path) -> None:
    """Right in each; refused in opset 7 where an operator came later."""
    pairs = [(test, opset) for test in models() for opset in OPSETS]

    def judge(pair: tuple[TestCase, int]) -> tuple[int, str]:
        test, opset = pair
        own = folder / str(opset)
        own.mkdir(exist_ok=True)
        try:
            model, refusal = compiled(mcc, test, own, f"-opset={opset}", "-passes=raise")
            if model is None:
                return opset, "refused" if REASON.search(refusal) else f"{test.name}: {refusal}"
            if test.name in NOBODY_RUNS:
                return opset, "right" if model.graph == test.model.graph else f"{test.name}: another graph"
            found = wrong(test, model)
            return opset, f"{test.name}: unjudged" if found == "unjudged" else found or "right"
        except AssertionError as failure:
            return opset, str(failure)

    verdicts = Counter(for_each(pairs, judge))
    for opset in OPSETS:
        failed = sum(at == opset and verdict not in ("right", "refused") for at, verdict in verdicts)
        print(f"     packaged models in opset {opset}: {verdicts[opset, 'right']} right, {verdicts[opset, 'refused']} refused "
              f"with a reason, {failed} wrong")
    failures = [f"opset {opset}: {verdict}" for opset, verdict in verdicts if verdict not in ("right", "refused")]
    assert not failures, "\n".join(failures)
    # Operators of theirs are younger than opset 7, but not than 13.
    assert not any(verdicts[opset, "refused"] for opset in OPSETS if opset >= 13), "what opset 13 can say is refused"
