"""Large models of real architectures' shapes with random weights, made with the onnx package's helpers.

    python Benchmarks/models.py [--folder Benchmarks/models] [name ...]     # all but the decoder, unless named

A model that is there already is left alone. The weights are normal, scaled as He initialization does, from fixed seeds.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

FOLDER = Path(__file__).with_name("models")
OPSET = 17
PAGE = 4096
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Network:
    """Collects operations and weights, and writes them as one model.

    With `external`, weights go to a data file beside the model as they are made, so that no more than one is in memory.
    """

    def __init__(self, path: Path, external: bool = False) -> None:
        self.path = path
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.data = path.with_suffix(".data").open("wb") if external else None

    def apply(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Adds an operation and returns its result's name."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [f"{name}_output"], name, **attributes))
        return f"{name}_output"

    def constant(self, name: str, values: np.ndarray) -> str:
        """Adds a weight of the given values and returns its name."""
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = TensorProto(name=name, dims=values.shape, data_type=kind)
        if self.data is None or values.nbytes < PAGE:
            tensor.raw_data = values.tobytes()
        else:
            self.data.write(bytes(-self.data.tell() % PAGE))
            tensor.data_location = TensorProto.EXTERNAL
            location = self.path.with_suffix(".data").name
            place = {"location": location, "offset": self.data.tell(), "length": values.nbytes}
            for key, value in place.items():
                tensor.external_data.add(key=key, value=str(value))
            self.data.write(values.data)
        self.weights.append(tensor)
        return name

    def normal(self, name: str, *shape: int, scale: float, mean: float = 0) -> str:
        """Adds a weight of random values, which depend on its name and shape alone, and returns its name."""
        random = np.random.default_rng(zlib.crc32(name.encode()))
        values = random.standard_normal(shape, dtype=np.float32)
        values *= np.float32(scale)
        values += np.float32(mean)
        return self.constant(name, values)

    def save(self, inputs: dict[str, tuple[int, list]], outputs: dict[str, list]) -> None:
        """Writes the model: inputs are given by element type and shape, outputs, all of them float, by shape."""
        graph = helper.make_graph(
            self.nodes,
            self.path.stem,
            [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
            [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
        )
        graph.initializer.extend(self.weights)
        self.weights.clear()
        if self.data is not None:
            self.data.close()
        opset = helper.make_opsetid("", OPSET)
        self.path.write_bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())

    # Layers that several architectures have.

    def convolution(
        self, name: str, x: str, channels: tuple[int, int], kernel: int, stride: int = 1, bias: bool = True
    ) -> str:
        """A 2-D convolution that keeps the image's size but for its stride."""
        before, after = channels
        he = math.sqrt(2 / (before * kernel * kernel))
        operands = [x, self.normal(f"{name}.weight", after, before, kernel, kernel, scale=he)]
        if bias:
            operands.append(self.normal(f"{name}.bias", after, scale=0.01))
        return self.apply("Conv", *operands, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)

    def gemm(self, name: str, x: str, before: int, after: int) -> str:
        """A fully connected layer over rows, as image classifiers are exported."""
        weight = self.normal(f"{name}.weight", after, before, scale=math.sqrt(2 / before))
        return self.apply("Gemm", x, weight, self.normal(f"{name}.bias", after, scale=0.01), transB=1)

    def linear(self, name: str, x: str, before: int, after: int, bias: bool = True) -> str:
        """A fully connected layer over the last axis, as transformers are exported."""
        y = self.apply("MatMul", x, self.normal(f"{name}.weight", before, after, scale=math.sqrt(1 / before)))
        return self.apply("Add", self.normal(f"{name}.bias", after, scale=0.01), y) if bias else y

    def layer_normalization(self, name: str, x: str, width: int) -> str:
        scale = self.normal(f"{name}.weight", width, scale=0.05, mean=1)
        return self.apply("LayerNormalization", x, scale, self.normal(f"{name}.bias", width, scale=0.05), epsilon=1e-5)

    def gelu(self, x: str) -> str:
        """GELU by the error function, spelt out as PyTorch exports it."""
        scaled = self.apply("Div", x, self.scalar(math.sqrt(2)))
        cumulative = self.apply("Add", self.apply("Erf", scaled), self.scalar(1))
        return self.apply("Mul", self.apply("Mul", x, cumulative), self.scalar(0.5))

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{len(self.weights)}", np.array(value, np.float32))

    def vector(self, *values: int) -> str:
        return self.constant(f"vector_{len(self.weights)}", np.array(values, np.int64))

    def attention(self, name: str, x: str, width: int, heads: int, mask: str) -> str:
        """Multi-head self-attention with an additive mask."""

        def split(part: str, order: list[int]) -> str:
            y = self.linear(f"{name}.{part}", x, width, width)
            y = self.apply("Reshape", y, self.vector(0, 0, heads, width // heads))
            return self.apply("Transpose", y, perm=order)

        query, key, value = split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]), split("value", [0, 2, 1, 3])
        scores = self.apply("Div", self.apply("MatMul", query, key), self.scalar(math.sqrt(width // heads)))
        weights = self.apply("Softmax", self.apply("Add", scores, mask), axis=-1)
        merged = self.apply("Transpose", self.apply("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self.linear(f"{name}.output", self.apply("Reshape", merged, self.vector(0, 0, width)), width, width)

    def feed_forward(self, name: str, x: str, width: int) -> str:
        inner = self.gelu(self.linear(f"{name}.up", x, width, 4 * width))
        return self.linear(f"{name}.down", inner, 4 * width, width)


def vgg16(path: Path) -> None:
    """VGG-16: 138 million parameters, three quarters of them in one fully connected layer."""
    network, x, before = Network(path), "image", 3
    for stage, (depth, width) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]):
        for layer in range(depth):
            x = network.apply("Relu", network.convolution(f"features.{stage}.{layer}", x, (before, width), 3))
            before = width
        x = network.apply("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = network.apply("Flatten", x, axis=1)
    x = network.apply("Relu", network.gemm("classifier.0", x, 512 * 7 * 7, 4096))
    x = network.apply("Relu", network.gemm("classifier.1", x, 4096, 4096))
    x = network.gemm("classifier.2", x, 4096, 1000)
    network.save({"image": (FLOAT, ["batch", 3, 224, 224])}, {x: ["batch", 1000]})


def resnet50(path: Path) -> None:
    """ResNet-50 with its batch normalizations unfolded."""
    network = Network(path)

    def block(name: str, x: str, channels: tuple[int, int], kernel: int, stride: int = 1, gain: float = 1) -> str:
        y, width = network.convolution(name, x, channels, kernel, stride, bias=False), channels[1]
        scale = network.normal(f"{name}.norm.weight", width, scale=0.1 * gain, mean=gain)
        bias = network.normal(f"{name}.norm.bias", width, scale=0.1)
        mean = network.normal(f"{name}.norm.mean", width, scale=0.1)
        variance = network.constant(f"{name}.norm.variance", np.linspace(0.5, 1.5, width, dtype=np.float32))
        return network.apply("BatchNormalization", y, scale, bias, mean, variance)

    def bottleneck(name: str, x: str, before: int, width: int, stride: int) -> str:
        y = network.apply("Relu", block(f"{name}.0", x, (before, width), 1))
        y = network.apply("Relu", block(f"{name}.1", y, (width, width), 3, stride))
        y = block(f"{name}.2", y, (width, 4 * width), 1, gain=0.3)
        shortcut = x if before == 4 * width else block(f"{name}.shortcut", x, (before, 4 * width), 1, stride)
        return network.apply("Relu", network.apply("Add", y, shortcut))

    x = network.apply("Relu", block("stem", "image", (3, 64), 7, 2))
    x = network.apply("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    before = 64
    for stage, (depth, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)]):
        for layer in range(depth):
            x = bottleneck(f"layer{stage}.{layer}", x, before, width, 2 if stage > 0 and layer == 0 else 1)
            before = 4 * width
    x = network.apply("Flatten", network.apply("GlobalAveragePool", x), axis=1)
    x = network.gemm("classifier", x, 2048, 1000)
    network.save({"image": (FLOAT, ["batch", 3, 224, 224])}, {x: ["batch", 1000]})


def encoder(path: Path) -> None:
    """A BERT-base encoder: 12 layers 768 wide, a vocabulary of 30,522."""
    network, width = Network(path), 768
    tokens = network.apply("Gather", network.normal("embedding.token", 30522, width, scale=0.02), "input_ids")
    segments = network.apply("Gather", network.normal("embedding.segment", 2, width, scale=0.02), "token_type_ids")
    x = network.apply("Add", network.apply("Add", tokens, segments), positions(network, 512, width))
    x = network.layer_normalization("embedding.norm", x, width)
    allowed = network.apply("Cast", network.apply("Unsqueeze", "attention_mask", network.vector(1, 2)), to=FLOAT)
    mask = network.apply("Mul", network.apply("Sub", network.scalar(1), allowed), network.scalar(-10000))
    for layer in range(12):
        y = network.attention(f"layer{layer}.attention", x, width, 12, mask)
        x = network.layer_normalization(f"layer{layer}.norm1", network.apply("Add", y, x), width)
        y = network.feed_forward(f"layer{layer}.feed_forward", x, width)
        x = network.layer_normalization(f"layer{layer}.norm2", network.apply("Add", y, x), width)
    pooled = network.apply("Gather", x, network.constant("first", np.array(0, np.int64)), axis=1)
    pooled = network.apply("Tanh", network.gemm("pooler", pooled, width, width))
    inputs = {name: (INT64, ["batch", "sequence"]) for name in ("input_ids", "token_type_ids", "attention_mask")}
    network.save(inputs, {x: ["batch", "sequence", width], pooled: ["batch", width]})


def decoder(path: Path) -> None:
    """A decoder as wide as GPT-2's largest: 24 layers, a head of its own, external data, 3.6 GB."""
    network, width, vocabulary = Network(path, external=True), 1600, 50257
    tokens = network.apply("Gather", network.normal("embedding.token", vocabulary, width, scale=0.02), "input_ids")
    x = network.apply("Add", tokens, positions(network, 1024, width))
    everything = network.constant("causal", np.triu(np.full((1024, 1024), -1e4, np.float32), 1))
    length = network.apply("Slice", network.apply("Shape", "input_ids"), *map(network.vector, (1, 2, 0)))
    lengths = network.apply("Concat", length, length, axis=0)
    mask = network.apply("Slice", everything, network.vector(0, 0), lengths, network.vector(0, 1))
    for layer in range(24):
        y = network.layer_normalization(f"layer{layer}.norm1", x, width)
        x = network.apply("Add", x, network.attention(f"layer{layer}.attention", y, width, 25, mask))
        y = network.layer_normalization(f"layer{layer}.norm2", x, width)
        x = network.apply("Add", x, network.feed_forward(f"layer{layer}.feed_forward", y, width))
    logits = network.linear("head", network.layer_normalization("norm", x, width), width, vocabulary, bias=False)
    network.save({"input_ids": (INT64, ["batch", "sequence"])}, {logits: ["batch", "sequence", vocabulary]})


def positions(network: Network, count: int, width: int) -> str:
    """The learned embeddings of the positions that `input_ids` has."""
    length = network.apply("Slice", network.apply("Shape", "input_ids"), *map(network.vector, (1, 2, 0)))
    table = network.normal("embedding.position", count, width, scale=0.02)
    return network.apply("Slice", table, network.vector(0), length, network.vector(0))


MODELS: dict[str, Callable[[Path], None]] = {
    "vgg16": vgg16,
    "resnet50": resnet50,
    "encoder": encoder,
    "decoder": decoder,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ["vgg16", "resnet50", "encoder"]
    parser.add_argument("names", nargs="*", metavar="name", default=default, help=", ".join(MODELS))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        path = arguments.folder / f"{name}.onnx"
        if path.exists():
            continue
        print(f"making {path}", flush=True)
        unfinished = arguments.folder / "unfinished"
        unfinished.mkdir(exist_ok=True)
        MODELS[name](unfinished / path.name)
        for part in sorted(unfinished.iterdir()):
            part.rename(arguments.folder / part.name)
        unfinished.rmdir()


if __name__ == "__main__":
    main()
