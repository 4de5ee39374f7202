"""Whole architectures in Caffe's format: mcc against OpenCV, which reads the same two files.

    python Conformance/frontends_caffe.py <path of mcc> [word ...]

with the packages of fixtures/requirements-caffe.txt and requirements.txt (`make conformance-frontends` installs them). The networks are
written here from their published layers, with random weights. A row each: whether ONNX Runtime on mcc's output, plain and simplified, agrees
with OpenCV (rtol 1e-3, atol 1e-4), the operations that `simplify` leaves, and the seconds of mcc. Where `CAFFE2ONNX` names a Python that has
PyPI's caffe2onnx (2.0.1, installed without its dependencies, with onnx 1.16, protobuf 3.20 and NumPy in an environment of their own), also the
least operations that any peer of simplifiers.py leaves of what that writes, and its seconds. The exit code is 1 where a row disagrees or a peer
leaves fewer operations.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

import runtime
from frontend_table import Row, Table, judge
from measured import measured
from simplifiers import fewest_operations

sys.path.insert(0, str(Path(__file__).parent / "fixtures"))
from make_caffe import caffe, chain, input_layer, layer  # noqa: E402
from google.protobuf import text_format  # noqa: E402

RTOL, ATOL = 1e-3, 1e-4
PEER_SECONDS = 900


def conv(count: int, kernel: int, stride: int = 1, pad: int = 0, group: int = 1, bias: bool = True) -> str:
    more = (f" group: {group}" if group != 1 else "") + ("" if bias else " bias_term: false")
    return f"convolution_param {{ num_output: {count} kernel_size: {kernel} stride: {stride} pad: {pad}{more} }}"


def pool(method: str, kernel: int, stride: int, pad: int = 0) -> str:
    return f"pooling_param {{ pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad} }}"


def product(count: int) -> str:
    return f"inner_product_param {{ num_output: {count} }}"


LRN = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
GLOBAL = "pooling_param { pool: AVE global_pooling: true }"


def activated(name: str, bottom: str, parameters: str, kind: str = "Convolution") -> str:
    return layer(name, kind, bottom, parameters) + layer(f"{name}_relu", "ReLU", name, top=name)


def normalized(name: str, bottom: str, parameters: str, relu: bool = True) -> str:
    """Convolution, BatchNorm and Scale, in place."""
    text = layer(name, "Convolution", bottom, parameters) + layer(f"{name}_bn", "BatchNorm", name, "batch_norm_param { use_global_stats: true }", name)
    text += layer(f"{name}_scale", "Scale", name, "scale_param { bias_term: true }", name)
    return text + (layer(f"{name}_relu", "ReLU", name, top=name) if relu else "")


def lenet() -> str:
    return input_layer("data", 1, 1, 28, 28) + chain(
        "data", ("conv1", "Convolution", conv(20, 5)), ("pool1", "Pooling", pool("MAX", 2, 2)), ("conv2", "Convolution", conv(50, 5)),
        ("pool2", "Pooling", pool("MAX", 2, 2)), ("ip1", "InnerProduct", product(500)), ("relu1", "ReLU", ""), ("ip2", "InnerProduct", product(10)), ("prob", "Softmax", ""))


def alexnet(pool_first: bool = False) -> str:
    """AlexNet; CaffeNet pools before it normalizes."""
    text, bottom = input_layer("data", 1, 3, 227, 227), "data"
    for index, count, kernel, stride, pad, group in [(1, 96, 11, 4, 0, 1), (2, 256, 5, 1, 2, 2)]:
        text += activated(f"conv{index}", bottom, conv(count, kernel, stride, pad, group))
        stages = [(f"norm{index}", "LRN", LRN), (f"pool{index}", "Pooling", pool("MAX", 3, 2))]
        stages = stages[::-1] if pool_first else stages
        text += chain(f"conv{index}", *stages)
        bottom = stages[-1][0]
    for index, count, group in [(3, 384, 1), (4, 384, 2), (5, 256, 2)]:
        text += activated(f"conv{index}", bottom, conv(count, 3, 1, 1, group))
        bottom = f"conv{index}"
    text += layer("pool5", "Pooling", bottom, pool("MAX", 3, 2))
    for index, source in (6, "pool5"), (7, "fc6"):
        text += activated(f"fc{index}", source, product(4096), "InnerProduct") + layer(f"drop{index}", "Dropout", f"fc{index}", top=f"fc{index}")
    return text + layer("fc8", "InnerProduct", "fc7", product(1000)) + layer("prob", "Softmax", "fc8")


def caffenet() -> str:
    return alexnet(pool_first=True)


def inception(name: str, bottom: str, one: int, reduce3: int, three: int, reduce5: int, five: int, projection: int) -> str:
    text = activated(f"{name}/1x1", bottom, conv(one, 1)) + activated(f"{name}/3x3_reduce", bottom, conv(reduce3, 1))
    text += activated(f"{name}/3x3", f"{name}/3x3_reduce", conv(three, 3, 1, 1)) + activated(f"{name}/5x5_reduce", bottom, conv(reduce5, 1))
    text += activated(f"{name}/5x5", f"{name}/5x5_reduce", conv(five, 5, 1, 2)) + layer(f"{name}/pool", "Pooling", bottom, pool("MAX", 3, 1, 1))
    text += activated(f"{name}/pool_proj", f"{name}/pool", conv(projection, 1))
    return text + layer(f"{name}/output", "Concat", [f"{name}/{part}" for part in ("1x1", "3x3", "5x5", "pool_proj")])


def googlenet() -> str:
    text = input_layer("data", 1, 3, 224, 224) + activated("conv1", "data", conv(64, 7, 2, 3))
    text += chain("conv1", ("pool1", "Pooling", pool("MAX", 3, 2)), ("norm1", "LRN", LRN)) + activated("conv2_reduce", "norm1", conv(64, 1))
    text += activated("conv2", "conv2_reduce", conv(192, 3, 1, 1)) + chain("conv2", ("norm2", "LRN", LRN), ("pool2", "Pooling", pool("MAX", 3, 2)))
    bottom = "pool2"
    cells = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
             "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
             "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)}
    for name, sizes in cells.items():
        text += inception(f"inception_{name}", bottom, *sizes)
        bottom = f"inception_{name}/output"
        if name in ("3b", "4e"):
            text += layer(f"pool_{name}", "Pooling", bottom, pool("MAX", 3, 2))
            bottom = f"pool_{name}"
    return text + chain(bottom, ("pool5", "Pooling", pool("AVE", 7, 1)), ("drop", "Dropout", "dropout_param { dropout_ratio: 0.4 }"),
                        ("classifier", "InnerProduct", product(1000)), ("prob", "Softmax", ""))


def resnet50() -> str:
    text = input_layer("data", 1, 3, 224, 224) + normalized("conv1", "data", conv(64, 7, 2, 3)) + layer("pool1", "Pooling", "conv1", pool("MAX", 3, 2))
    bottom = "pool1"
    for stage, (count, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 2):
        for block in range(count):
            name, stride = f"res{stage}{'abcdef'[block]}", 2 if stage > 2 and block == 0 else 1
            shortcut = bottom
            if block == 0:
                shortcut = f"{name}_branch1"
                text += normalized(shortcut, bottom, conv(4 * width, 1, stride, bias=False), relu=False)
            text += normalized(f"{name}_branch2a", bottom, conv(width, 1, stride, bias=False)) + normalized(f"{name}_branch2b", f"{name}_branch2a", conv(width, 3, 1, 1, bias=False))
            text += normalized(f"{name}_branch2c", f"{name}_branch2b", conv(4 * width, 1, bias=False), relu=False)
            text += layer(name, "Eltwise", [shortcut, f"{name}_branch2c"]) + layer(f"{name}_relu", "ReLU", name, top=name)
            bottom = name
    return text + chain(bottom, ("pool5", "Pooling", pool("AVE", 7, 1)), ("fc1000", "InnerProduct", product(1000)), ("prob", "Softmax", ""))


def mobile_body() -> tuple[str, list[str]]:
    text = normalized("conv1", "data", conv(32, 3, 2, 1, bias=False))
    bottom, channels, names = "conv1", 32, []
    for index, (count, stride) in enumerate([(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)], 2):
        text += normalized(f"conv{index}/dw", bottom, conv(channels, 3, stride, 1, channels, bias=False)) + normalized(f"conv{index}/sep", f"conv{index}/dw", conv(count, 1, bias=False))
        bottom, channels = f"conv{index}/sep", count
        names.append(bottom)
    return text, names


def mobilenet() -> str:
    text, names = mobile_body()
    return input_layer("data", 1, 3, 224, 224) + text + chain(names[-1], ("pool6", "Pooling", GLOBAL), ("fc7", "Convolution", conv(1000, 1)), ("prob", "Softmax", ""))


def squeezenet() -> str:
    text, bottom = input_layer("data", 1, 3, 227, 227) + activated("conv1", "data", conv(64, 3, 2)) + layer("pool1", "Pooling", "conv1", pool("MAX", 3, 2)), "pool1"
    for index, (squeeze, expand) in enumerate([(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], 2):
        name = f"fire{index}"
        text += activated(f"{name}/squeeze", bottom, conv(squeeze, 1)) + activated(f"{name}/expand1", f"{name}/squeeze", conv(expand, 1))
        text += activated(f"{name}/expand3", f"{name}/squeeze", conv(expand, 3, 1, 1)) + layer(f"{name}/concat", "Concat", [f"{name}/expand1", f"{name}/expand3"])
        bottom = f"{name}/concat"
        if index in (3, 5):
            text += layer(f"pool{index}", "Pooling", bottom, pool("MAX", 3, 2))
            bottom = f"pool{index}"
    return text + layer("drop9", "Dropout", bottom, top=bottom) + activated("conv10", bottom, conv(1000, 1)) + chain("conv10", ("pool10", "Pooling", GLOBAL), ("prob", "Softmax", ""))


def ssd() -> str:
    """The heads of an SSD on MobileNet's features: locations, classes and boxes, and the detections of them."""
    text, names = mobile_body()
    text = input_layer("data", 1, 3, 300, 300) + text
    order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
    for name, least, most in (names[10], 60, 0), (names[12], 105, 150):
        boxes = 6 if most else 3
        text += layer(f"{name}_norm", "Normalize", name, "norm_param { across_spatial: false channel_shared: false }")
        for part, count in ("loc", 4), ("conf", 21):
            text += chain(f"{name}_norm", (f"{name}_{part}", "Convolution", conv(boxes * count, 1)), (f"{name}_{part}_perm", "Permute", order), (f"{name}_{part}_flat", "Flatten", "flatten_param { axis: 1 }"))
        sizes = f"min_size: {least} " + (f"max_size: {most} aspect_ratio: 2 aspect_ratio: 3" if most else "aspect_ratio: 2")
        text += layer(f"{name}_priors", "PriorBox", [name, "data"], f"prior_box_param {{ {sizes} flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 offset: 0.5 }}")
    for part, axis in ("loc_flat", 1), ("conf_flat", 1), ("priors", 2):
        text += layer(part, "Concat", [f"{name}_{part}" for name in (names[10], names[12])], f"concat_param {{ axis: {axis} }}")
    return text + chain("conf_flat", ("conf", "Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 21 } }"), ("conf_softmax", "Softmax", "softmax_param { axis: 2 }"), ("scores", "Flatten", "flatten_param { axis: 1 }")) + layer(
        "detections", "DetectionOutput", ["loc_flat", "scores", "priors"],
        "detection_output_param { num_classes: 21 share_location: true background_label_id: 0 nms_param { nms_threshold: 0.45 top_k: 400 } code_type: CENTER_SIZE keep_top_k: 200 confidence_threshold: 0.01 }")


ARCHITECTURES = [lenet, alexnet, caffenet, googlenet, resnet50, mobilenet, squeezenet, ssd]


def with_weights(text: str):
    """The binary network: OpenCV tells the shapes of the blobs as it does not know them, so they follow the layers' extents here."""
    network = text_format.Parse(text, caffe.NetParameter())
    generate = np.random.default_rng(1)
    channels: dict[str, tuple[int, int, int]] = {}
    model = caffe.NetParameter()

    def add(written, shape: list[int], scale: float, offset: float = 0) -> None:
        values = generate.standard_normal(shape, dtype=np.float32) * np.float32(scale) + np.float32(offset)
        blob = written.blobs.add(shape=caffe.BlobShape(dim=shape))
        blob.data.extend(values.ravel())

    for item in network.layer:
        kind, bottoms, top = item.type.decode(), [channels[b.decode()] for b in item.bottom], item.top[0].decode()
        written = model.layer.add(name=item.name, type=item.type)
        depth, height, width = bottoms[0] if bottoms else (0, 0, 0)
        channels[top] = depth, height, width
        if kind == "Input":
            channels[top] = tuple(item.input_param.shape[0].dim)[1:]
        elif kind == "Convolution":
            p = item.convolution_param
            kernel, stride, pad = p.kernel_size[0], p.stride[0], p.pad[0]
            fan = depth // p.group * kernel * kernel
            add(written, [p.num_output, depth // p.group, kernel, kernel], (2 / fan) ** 0.5)
            if p.bias_term:
                add(written, [p.num_output], 0.1)
            channels[top] = p.num_output, (height + 2 * pad - kernel) // stride + 1, (width + 2 * pad - kernel) // stride + 1
        elif kind == "InnerProduct":
            count = depth * height * width
            add(written, [item.inner_product_param.num_output, count], (2 / count) ** 0.5)
            add(written, [item.inner_product_param.num_output], 0.1)
            channels[top] = item.inner_product_param.num_output, 1, 1
        elif kind == "Pooling":
            p = item.pooling_param
            size = lambda extent: -(-(extent + 2 * p.pad - p.kernel_size) // p.stride) + 1  # noqa: E731 - ceiling
            channels[top] = (depth, 1, 1) if p.global_pooling else (depth, size(height), size(width))
        elif kind == "Concat":
            channels[top] = sum(b[0] for b in bottoms), height, width
        elif kind == "BatchNorm":
            add(written, [depth], 0.1)
            add(written, [depth], 0.05, 1)
            add(written, [1], 0, 1)
        elif kind == "Scale":
            add(written, [depth], 0.05, 0.8)
            add(written, [depth], 0.1)
        elif kind == "Normalize":
            add(written, [depth], 0, 20)
    return model.SerializeToString(), network


def peer(files: list[Path], folder: Path) -> tuple[int | None, float | None]:
    """The operations that another converter and the best simplifier leave, and the converter's seconds; nothing where it fails."""
    python, made = os.environ.get("CAFFE2ONNX"), folder / "peer.onnx"
    if not python:
        return None, None
    words = ["--prototxt", str(files[0]), "--caffemodel", str(files[1]), "--onnx", str(made)]
    run = measured([python, "-m", "caffe2onnx.convert", *words], PEER_SECONDS)
    try:
        return (fewest_operations(made) if made.exists() else None), run.seconds
    finally:
        for file in made, made.with_suffix(".peers.json"):
            file.unlink(missing_ok=True)


def expectation(net: cv2.dnn.Net, network, blob: str, shape: tuple[int, ...]) -> np.ndarray:
    """What OpenCV computes of a blob."""
    return net.forward(next(item.name.decode() for item in network.layer if item.top[0].decode() == blob)).reshape(shape)


def disagreement(model: Path, files: list[Path], network) -> str | None:
    """The first output that differs from OpenCV's, and by how much."""
    data = np.random.default_rng(2).standard_normal(list(network.layer[0].input_param.shape[0].dim), dtype=np.float32)
    net = cv2.dnn.readNetFromCaffe(*map(str, files))
    session = runtime.session(model)
    names = [value.name for value in session.get_outputs()]
    for blob, result in zip(names, session.run(names, {"data": data} if session.get_inputs() else {})):
        net.setInput(data, "data")
        expected = expectation(net, network, blob, result.shape)
        if blob == "detections":
            # OpenCV has the rows in another order.
            result, expected = (rows[..., np.lexsort(rows[0, 0].T[[6, 5, 4, 3, 2, 1]].round(4)), :] for rows in (result, expected))
        if not np.allclose(result, expected, RTOL, ATOL):
            return f"{blob} differs by {np.abs(result - expected).max():.3g}"
    return None


def main(words: list[str]) -> int:
    if not words:
        sys.exit(__doc__)
    table = Table()
    for build in ARCHITECTURES:
        name = build.__name__
        if len(words) > 1 and not any(word in name for word in words[1:]):
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            files = [folder / f"{name}.prototxt", folder / f"{name}.caffemodel"]
            text = build()
            model, network = with_weights(text)
            files[0].write_text(text)
            files[1].write_bytes(model)
            operations, seconds = peer(files, folder)
            row = Row(name, their_operations=operations, their_seconds=seconds)
            judge(words[0], row, files, folder, lambda output: disagreement(output, files, network))
            table.add(row)
    return table.conclude()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
