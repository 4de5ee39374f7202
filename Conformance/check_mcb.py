"""`.mcb`: someone else's reader finds every weight, and no damage goes unnoticed."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import mcb_reader
from carriers import everything
from mcc import REPOSITORY, Mcc

EXAMPLE = REPOSITORY / "examples" / "digits.onnx"


def compare(mcb: Path, model: Path) -> int:
    """Compares each initializer and Constant of a model with what the reader finds, and returns how many there are."""
    graph = onnx.load(model).graph
    found = mcb_reader.weights(mcb)
    expected = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                expected[node.output[0]] = attribute.t
    for name, tensor in expected.items():
        array = numpy_helper.to_array(tensor)
        if array.size:
            assert name in found, f"'{name}' is not there"
            assert np.asarray(found[name]).tobytes() == array.tobytes(), f"'{name}' has other elements"
            assert np.shape(found[name]) == array.shape, f"'{name}' has another shape"
    return len(expected)


def check_reader_finds_every_weight(mcc: Mcc, folder: Path) -> None:
    """Raw, small and compressed ones."""
    source = folder / "everything.onnx"
    source.write_bytes(everything())
    for index, (model, passes) in enumerate([(EXAMPLE, ""), (EXAMPLE, "prune{sparsity=0.7}"), (EXAMPLE, "quant8"), (source, "")]):
        options = [f"-passes={passes}"] if passes else []
        compiled = mcc.compile(model, folder / f"{index}.onnx", *options)
        packed = mcc.compile(model, folder / f"{index}.mcb", *options)
        assert compare(packed, compiled) > 0
    zeros = (folder / "1.mcb").stat().st_size
    assert zeros < 0.6 * EXAMPLE.stat().st_size, f"70 % zeros still take {zeros} bytes"


def check_every_damage_is_named(mcc: Mcc, folder: Path) -> None:
    """A flipped bit, or a file cut short, is an error that says where."""
    packed = mcc.compile(EXAMPLE, folder / "digits.mcb", "-passes=quant8").read_bytes()
    damaged = folder / "damaged.mcb"
    chance = random.Random(1)
    for _ in range(300):
        position = chance.randrange(len(packed))
        flipped = bytearray(packed)
        flipped[position] ^= 1 << chance.randrange(8)
        damaged.write_bytes(flipped if chance.random() < 0.8 else packed[:position])
        result = mcc.run(damaged, "-o", folder / "out.onnx")
        said = result.stderr.decode()
        assert result.returncode == 65, f"byte {position}: exit code {result.returncode}: {said}"
        assert any(part in said for part in ("section", "header", "trailer", "padding", "format", "empty")), said
        assert not (folder / "out.onnx").exists()
