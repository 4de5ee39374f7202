"""What is known of the shapes of a model's values: by mcc, by ONNX's own inference, and from a real run.

    python Conformance/inference.py .build/debug/mcc model.onnx ...

prints, for each model, where the two inferences differ, and how many dimensions each knows.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import AttributeProto, GraphProto, ModelProto, TypeProto, ValueInfoProto

from mcc import Mcc

Dimension = int | str | None  # a number, a term of symbols, or not known
Shape = list[Dimension]
Place = tuple[str, ...]  # the operations and attributes around a value, and its name
INVENTED = "unk__"  # what ONNX's inference calls a dimension of which it knows nothing


def shape_of(type_: TypeProto) -> Shape | None:
    """The shape that a type tells; of a sequence or an optional that of what is inside. None for an unknown rank."""
    match type_.WhichOneof("value"):
        case "sequence_type":
            return shape_of(type_.sequence_type.elem_type)
        case "optional_type":
            return shape_of(type_.optional_type.elem_type)
        case "tensor_type" | "sparse_tensor_type" as kind:
            tensor = getattr(type_, kind)
            return [dimension_of(dimension) for dimension in tensor.shape.dim] if tensor.HasField("shape") else None
    return None


def dimension_of(dimension: onnx.TensorShapeProto.Dimension) -> Dimension:
    if dimension.HasField("dim_value"):
        return dimension.dim_value if dimension.dim_value >= 0 else None
    name = dimension.dim_param
    return None if not name or name.startswith(INVENTED) else name


def blind(model: ModelProto) -> ModelProto:
    """The model without what it says of its values' types, save those of its inputs."""
    result = ModelProto()
    result.CopyFrom(model)
    del result.graph.value_info[:]
    for output in result.graph.output:
        output.ClearField("type")
    return result


def dynamic(model: ModelProto) -> ModelProto:
    """The model with a symbol of its own for each dimension of its inputs."""
    result = ModelProto()
    result.CopyFrom(model)
    constants = {tensor.name for tensor in result.graph.initializer}
    for index, value in enumerate(result.graph.input):
        tensor = value.type.tensor_type
        if value.type.WhichOneof("value") != "tensor_type" or value.name in constants:
            continue
        for axis, dimension in enumerate(tensor.shape.dim):
            dimension.dim_param = f"n{index}_{axis}"
    return result


def graphs(graph: GraphProto, place: Place = ()) -> Iterator[tuple[Place, GraphProto]]:
    """A graph and those inside it, each with its place."""
    yield place, graph
    for index, node in enumerate(graph.node):
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs(attribute.g, (*place, str(index), attribute.name))


def known_shapes(model: ModelProto) -> dict[Place, Shape | None]:
    """What a model says of the values that its operations compute. Where it says two things, the one that says more."""
    found: dict[Place, Shape | None] = {}
    for place, graph in graphs(model.graph):
        computed = {name for node in graph.node if node.op_type != "Constant" for name in node.output if name}
        found |= {(*place, name): None for name in computed}
        for value in (*graph.value_info, *graph.output):
            shape = shape_of(value.type)
            if value.name in computed and knowledge(shape) > knowledge(found[*place, value.name]):
                found[*place, value.name] = shape
    return found


def knowledge(shape: Shape | None) -> tuple[bool, int, int]:
    """How much a shape tells: its rank, its numbers, and its symbols."""
    shape_known = shape is not None
    dimensions = shape or []
    numbers = sum(isinstance(dimension, int) for dimension in dimensions)
    return shape_known, numbers, sum(dimension is not None for dimension in dimensions)


@dataclass
class Comparison:
    """What mcc and ONNX know of the values of some models."""

    values: int = 0
    ranks: dict[str, int] = field(default_factory=lambda: {"mcc": 0, "onnx": 0})
    dimensions: dict[str, int] = field(default_factory=lambda: {"mcc": 0, "onnx": 0})
    differences: list[str] = field(default_factory=list)

    def add(self, label: str, ours: Mapping[Place, Shape | None], theirs: Mapping[Place, Shape | None]) -> None:
        """Compares what the two know of one model's values, and notes whatever ONNX alone knows or says otherwise."""
        for place in theirs:
            mine, other = ours.get(place), theirs[place]
            self.values += 1
            for name, shape in (("mcc", mine), ("onnx", other)):
                self.ranks[name] += shape is not None
                self.dimensions[name] += sum(dimension is not None for dimension in shape or [])
            if difference := self.difference(mine, other):
                self.differences.append(f"{label}: {'/'.join(place)}: {difference}: {mine} against {other} in ONNX")

    def __iadd__(self, other: Comparison) -> Comparison:
        self.values += other.values
        for name in self.ranks:
            self.ranks[name] += other.ranks[name]
            self.dimensions[name] += other.dimensions[name]
        self.differences += other.differences
        return self

    @staticmethod
    def difference(mine: Shape | None, other: Shape | None) -> str | None:
        if other is None:
            return None
        if mine is None:
            return "no rank"
        if len(mine) != len(other):
            return "another rank"
        for a, b in zip(mine, other):
            if isinstance(a, int) and isinstance(b, int) and a != b:
                return "another number"
            if a is None and b is not None or isinstance(b, int) and not isinstance(a, int):
                return "less known"
        return None

    def __str__(self) -> str:
        return (
            f"{self.values} values; rank known of {self.ranks['mcc']} (ONNX {self.ranks['onnx']}), "
            f"{self.dimensions['mcc']} dimensions (ONNX {self.dimensions['onnx']})"
        )


def by_onnx(model: ModelProto) -> dict[Place, Shape | None]:
    return known_shapes(onnx.shape_inference.infer_shapes(model, data_prop=True))


def by_mcc(mcc: Mcc, model: ModelProto, folder: Path) -> dict[Place, Shape | None]:
    """AssertionError where mcc refuses the model."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        source = Path(own) / "model.onnx"
        source.write_bytes(model.SerializeToString())
        return known_shapes(onnx.load(mcc.compile(source, Path(own) / "inferred.onnx", "-passes=infer-shapes")))


def symbols(model: ModelProto, feeds: Mapping[str, np.ndarray]) -> dict[str, int]:
    """What the symbols of a model's inputs are when it gets these arrays."""
    bound: dict[str, int] = {}
    for value in model.graph.input:
        array = feeds.get(value.name)
        if not isinstance(array, np.ndarray):
            continue
        for dimension, size in zip(shape_of(value.type) or [], array.shape):
            if isinstance(dimension, str) and re.fullmatch(r"\w+", dimension):
                bound.setdefault(dimension, size)
    return bound


def contradiction(shape: Shape | None, array: np.ndarray, bound: Mapping[str, int]) -> str | None:
    """In what a known shape is not that of a real array; None where it is, or nothing is known."""
    if shape is None:
        return None
    if len(shape) != array.ndim:
        return f"{shape} but the real shape is {array.shape}"
    for dimension, size in zip(shape, array.shape):
        real = evaluated(dimension, bound) if isinstance(dimension, str) else dimension
        if real is not None and real != size:
            return f"{shape} with {dict(bound)} but the real shape is {array.shape}"
    return None


def evaluated(term: str, bound: Mapping[str, int]) -> int | None:
    """The number that a term of symbols is; None where it has symbols that are not bound."""
    if not re.fullmatch(r"[\w\s()*+-]+", term):
        return None
    names = set(re.findall(r"[A-Za-z_]\w*", term)) - {"floordiv"}
    if not names <= bound.keys():
        return None
    return eval(term.replace("floordiv", "//"), {"__builtins__": {}}, dict(bound))  # noqa: S307 - of the characters above


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("usage: inference.py <path of mcc> <model.onnx> ...", file=sys.stderr)
        return 64
    for path in map(Path, arguments[1:]):
        model, comparison = onnx.load(path, load_external_data=False), Comparison()
        with tempfile.TemporaryDirectory(prefix="mcc-") as folder:
            comparison.add(path.name, by_mcc(Mcc(Path(arguments[0])), model, Path(folder)), by_onnx(model))
        print(f"{path.name}: {comparison}", *comparison.differences, sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
