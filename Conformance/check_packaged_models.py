"""The models with data that the onnx package carries, most at opset 6, written in opsets old and new."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

import roundtrip
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


def check_text(mcc: Mcc, folder: Path) -> None:
    """The text of each says the same once it has been read."""

    def judge(test: TestCase) -> str | None:
        own = folder / test.name
        own.mkdir()
        source = own / "model.onnx"
        onnx.save(test.model, source)
        try:
            roundtrip.by_way_of(mcc, source, own / "out.onnx", *roundtrip.ALL_AT_ONCE)
            return None
        except AssertionError as failure:
            return f"{test.name}: {failure}"
        finally:
            shutil.rmtree(own)

    verdicts = for_each(models(), judge)
    failures = [verdict for verdict in verdicts if verdict is not None]
    print(f"     {len(verdicts)} packaged models, {len(failures)} of which print otherwise once they were read")
    assert len(verdicts) == 149, f"{len(verdicts)} packaged models were found"
    assert not failures, "\n".join(failures)


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
