"""Says whether two ONNX files are equal models: all that they say, but not where or how they store their weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import Message
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.external_data_helper import ExternalDataInfo

SHOWN_DIFFERENCES = 5
STORAGE = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")
STORAGE += ("external_data", "data_location")


def model(path: Path) -> ModelProto:
    """The model, with its weights where they are."""
    return onnx.load(path, load_external_data=False)


def content(tensor: TensorProto, folder: Path) -> bytes:
    """A digest of the bytes of a tensor's elements."""
    if tensor.data_location == TensorProto.EXTERNAL:
        place = ExternalDataInfo(tensor)
        size = (folder / place.location).stat().st_size - (place.offset or 0) if place.length is None else place.length
        part = np.memmap(folder / place.location, np.uint8, "r", place.offset or 0, size) if size else b""
        return hashlib.sha256(part).digest()
    if tensor.data_type == TensorProto.STRING:
        return repr(list(tensor.string_data)).encode()
    return hashlib.sha256(tensor.raw_data or numpy_helper.to_array(tensor).tobytes()).digest()


def differences(left: Path, right: Path) -> Iterator[str]:
    """Where the models differ; nothing where they are equal."""
    yield from _differences(model(left), model(right), "model", (left.parent, right.parent))


def _differences(left: Message, right: Message, place: str, folders: tuple[Path, Path]) -> Iterator[str]:
    if isinstance(left, TensorProto) and content(left, folders[0]) != content(right, folders[1]):
        yield f"{place}: other elements"
    for descriptor in type(left).DESCRIPTOR.fields:
        name = descriptor.name
        if isinstance(left, TensorProto) and name in STORAGE:
            continue
        a, b = getattr(left, name), getattr(right, name)
        if descriptor.is_repeated:
            if len(a) != len(b):
                yield f"{place}.{name}: {len(a)} became {len(b)}"
            elif descriptor.message_type is None:
                if list(a) != list(b):
                    yield f"{place}.{name}: {str(list(a))[:80]} became {str(list(b))[:80]}"
            else:
                for index, (one, other) in enumerate(zip(a, b, strict=True)):
                    title = getattr(one, "name", "") or index
                    yield from _differences(one, other, f"{place}.{name}[{title}]", folders)
        elif descriptor.has_presence and left.HasField(name) != right.HasField(name):
            yield f"{place}.{name}: {'lost' if left.HasField(name) else 'made up'}"
        elif descriptor.message_type is not None:
            if left.HasField(name):
                yield from _differences(a, b, f"{place}.{name}", folders)
        elif a != b and not (a != a and b != b):
            yield f"{place}.{name}: {a!r:.80} became {b!r:.80}"


def assert_equal(left: Path, right: Path) -> None:
    """Raises with the first differences unless the files are equal models."""
    found = list(differences(left, right))
    shown = "\n".join(found[:SHOWN_DIFFERENCES])
    assert not found, f"{right.name} differs from {left.name} in {len(found)} places:\n{shown}"
