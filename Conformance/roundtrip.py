"""Whether two ONNX models are equal: the same operations in order, names, attributes, types, data and everything else.

    python Conformance/roundtrip.py .build/debug/mcc model.onnx ...

converts each model without passes and compares; the exit code is 1 where one is not equal. What is not compared is how
protobuf and ONNX let one say the same in several ways: the order of fields in the file, and the fields of a tensor that
its data is in. (Attributes are compared in order: mcc keeps it.)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy
import onnx
from google.protobuf.message import Message
from onnx import TensorProto, external_data_helper, numpy_helper

from mcc import Mcc

DATA_FIELDS = ("float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data", "raw_data")
MAXIMUM_MESSAGE = 2**31 - 1
ALL_AT_ONCE = ("mcb", "mir", "mir")  # by way of everything


def tensors(message: Message):
    """All tensors inside a message, in order."""
    if isinstance(message, TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for element in value if hasattr(value, "append") else [value]:
                yield from tensors(element)


def contents(tensor: TensorProto, folder: Path) -> bytes:
    """The elements of a tensor, wherever and however they are stored."""
    if external_data_helper.uses_external_data(tensor):
        info = external_data_helper.ExternalDataInfo(tensor)
        with open(folder / info.location, "rb") as file:
            file.seek(info.offset or 0)
            return file.read(info.length if info.length is not None else -1)
    if tensor.data_type == TensorProto.STRING:
        return repr(list(tensor.string_data)).encode()
    if tensor.HasField("raw_data") or not any(len(getattr(tensor, field)) for field in DATA_FIELDS):
        return tensor.raw_data
    array = numpy_helper.to_array(tensor)
    return numpy_helper.from_array(array).raw_data if array.dtype.kind == "V" else packed(tensor, array)


def packed(tensor: TensorProto, array: numpy.ndarray) -> bytes:
    """The elements as raw_data has them; those of less than a byte are in typed fields as they are in raw_data."""
    bits = {TensorProto.INT4: 4, TensorProto.UINT4: 4, TensorProto.FLOAT4E2M1: 4, TensorProto.INT2: 2, TensorProto.UINT2: 2}
    if tensor.data_type in bits:
        return bytes(value & 0xFF for value in tensor.int32_data)
    return array.tobytes()


def take_data(tensor: TensorProto, folder: Path) -> bytes:
    """Removes a tensor's data from its message and returns it."""
    data = contents(tensor, folder)
    for field in (*DATA_FIELDS, "external_data"):
        tensor.ClearField(field)
    if tensor.data_location == TensorProto.EXTERNAL:
        tensor.ClearField("data_location")
    return data


def difference(first: Message, second: Message, path: str = "model") -> str | None:
    """Where two messages differ; None where they are equal."""
    if type(first) is not type(second):
        return f"{path}: {type(first).__name__} against {type(second).__name__}"
    fields = {field.name: field for message in (first, second) for field, _ in message.ListFields()}
    for name, field in fields.items():
        here = f"{path}.{name}"
        a, b = getattr(first, name), getattr(second, name)
        repeated = hasattr(a, "append") or hasattr(a, "add")
        if not repeated and first.HasField(name) != second.HasField(name):
            return f"{here}: {'there' if first.HasField(name) else 'not there'} before, and not so after"
        if not repeated:
            a, b = [a], [b]
        if len(a) != len(b):
            return f"{here}: {len(a)} before, {len(b)} after"
        for index, (x, y) in enumerate(zip(a, b)):
            place = f"{here}[{index}]" if repeated else here
            if field.message_type is not None:
                label = getattr(x, "name", "") if "name" in x.DESCRIPTOR.fields_by_name else ""
                found = difference(x, y, f"{place}({label})" if label else place)
                if found:
                    return found
            elif x != y and not (x != x and y != y):
                return f"{place}: {x!r} before, {y!r} after"
    if first.SerializeToString(deterministic=True) != second.SerializeToString(deterministic=True):
        return f"{path}: fields that this version of onnx does not know"
    return None


def unequal(source: Path, result: Path) -> str | None:
    """In what the model at `result` differs from the one at `source`; None where they are equal."""
    first, second = (onnx.load(path, load_external_data=False) for path in (source, result))
    pairs = list(zip(tensors(first), tensors(second)))
    for before, after in pairs:
        x, y = take_data(before, source.parent), take_data(after, result.parent)
        if x != y:
            return f"tensor '{before.name}': {len(x)} bytes of data before, {len(y)} after, not the same"
    return difference(first, second)


def accepted(path: Path) -> bool:
    """Whether onnx's checker accepts a model."""
    try:
        onnx.checker.check_model(str(path))
    except Exception:  # noqa: BLE001 - several types, all of which mean no
        return False
    return True


def by_way_of(mcc: Mcc, source: Path, result: Path, *ways: str, options: Sequence[str] = ()) -> None:
    """Converts a model to `result` by way of other formats, which are written beside that.

    A format that is named twice in a row must give the same bytes twice: AssertionError where it does not."""
    between = source
    for index, way in enumerate(ways):
        before, between = between, mcc.compile(between, result.with_suffix(f".{index}.{way}"))
        again = before.suffix == between.suffix
        assert not again or before.read_bytes() == between.read_bytes(), f".{way} is another one the second time"
    mcc.compile(between, result, *options)


def check(mcc: Mcc, source: Path, folder: Path, *ways: str, options: Sequence[str] = ()) -> Path:
    """Converts a model, by way of other formats if asked, and returns it; AssertionError where it is not equal."""
    result = folder / "out" / source.name
    result.parent.mkdir(exist_ok=True)
    for file in result.parent.iterdir():
        file.unlink()
    said = f"{source.name}{''.join(f' by way of .{way}' for way in ways)}"
    by_way_of(mcc, source, result, *ways, options=options)
    found = unequal(source, result)
    assert found is None, f"{said}: {found}"
    assert accepted(result) or not accepted(source), f"{source.name}: onnx.checker accepts it before, not after"
    return result


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("usage: roundtrip.py <path of mcc> <model.onnx> ...", file=sys.stderr)
        return 64
    mcc = Mcc(Path(arguments[0]))
    failures = 0
    for model in map(Path, arguments[1:]):
        with tempfile.TemporaryDirectory(prefix="mcc-") as folder:
            try:
                check(mcc, model, Path(folder))
                print(f"ok   {model.name}", flush=True)
            except AssertionError as failure:
                failures += 1
                print(f"FAIL {failure}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
