"""Whole architectures of PyTorch, read by mcc from `.pt2`: do they agree, how many operations are left, how long does it take?

    python Conformance/frontends_pytorch.py <mcc> <folder> [word ...]

needs torch, torchvision, transformers, onnx, onnxruntime and onnxscript; `make conformance-frontends` installs them. The weights are random.
Each network is exported by `torch.export.save`, of a fixed and of an open size, as it is and after `run_decompositions()`; with words, only
the rows whose names contain one of them. A row says whether ONNX Runtime on mcc's output, plain and simplified, agrees with PyTorch (rtol
1e-3, atol 1e-4), the operations that `simplify` leaves, the least that any peer of simplifiers.py leaves of what `torch.onnx.export` writes of
the same network, and the seconds of mcc against those of `torch.onnx.export`. What the peers did is kept in the folder, under the names that
export_real_models.py gives; everything else in it is deleted once it is judged. The exit code is 1 where a row disagrees or a peer leaves
fewer operations.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import runtime
from export_real_models import SAMPLES, SEED, Named, Sample, classifier, export, segmentation, stir
from frontend_table import Row, Table, judge
from simplifiers import fewest_operations

RTOL, ATOL = 1e-3, 1e-4


def distilbert() -> Sample:
    from transformers import DistilBertConfig, DistilBertModel

    network = DistilBertModel(DistilBertConfig(dim=64, n_layers=2, n_heads=4, hidden_dim=128, vocab_size=500))
    return text(network, ["input_ids", "attention_mask"])


def t5_encoder() -> Sample:
    from transformers import T5Config, T5EncoderModel

    network = T5EncoderModel(T5Config(d_model=64, d_kv=16, d_ff=128, num_layers=2, num_heads=4, vocab_size=500))
    return text(network, ["input_ids", "attention_mask"])


def llama() -> Sample:
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=500)
    return text(LlamaModel(config), ["input_ids", "attention_mask"], use_cache=False)


def text(network: torch.nn.Module, names: list[str], **options: object) -> Sample:
    tokens = torch.arange(16).reshape(1, 16)
    inputs = {name: tokens if name == "input_ids" else torch.ones_like(tokens) for name in names}
    axes = {0: "batch", 1: "sequence"}
    return Sample(Named(network, names, ["last_hidden_state"], **options), inputs, {name: axes for name in [*names, "hidden"]})


def inception() -> Sample:
    from torchvision.models import inception_v3

    network = inception_v3(weights=None, init_weights=False, transform_input=True)
    return Sample(network, {"image": torch.rand(1, 3, 299, 299)}, {"image": {0: "batch"}})


def googlenet() -> Sample:
    from torchvision.models import googlenet

    return Sample(googlenet(weights=None, init_weights=False), {"image": torch.rand(1, 3, 224, 224)}, {"image": {0: "batch"}})


class Recurrent(torch.nn.Module):
    """Two layers in two directions, and what they end with."""

    def __init__(self, layer: type) -> None:
        super().__init__()
        self.layers = layer(16, 24, num_layers=2, bidirectional=True, batch_first=True)
        self.head = torch.nn.Linear(48, 4)

    def forward(self, sequence: Tensor) -> Tensor:
        return self.head(self.layers(sequence)[0][:, -1])


def recurrent(layer: type) -> Sample:
    return Sample(Recurrent(layer), {"sequence": torch.rand(1, 20, 16)}, {"sequence": {0: "batch"}, "logits": {0: "batch"}})


CLASSIFIERS = [
    "resnet18", "mobilenet_v3_small", "efficientnet_v2_s", "squeezenet1_1", "mnasnet0_5", "regnet_y_400mf", "alexnet", "vgg11_bn", "resnext50_32x4d",
    "swin_v2_t", "maxvit_t", "shufflenet_v2_x0_5", "densenet169", "regnet_x_400mf",
]
NETWORKS: dict[str, Callable[[], Sample]] = {
    **{name: make for name, make in SAMPLES.items() if "ssdlite" not in name and "_base" not in name},
    "lstm": lambda: recurrent(torch.nn.LSTM), "gru": lambda: recurrent(torch.nn.GRU), "distilbert": distilbert, "t5_encoder": t5_encoder, "llama": llama,
    **{name: (lambda name=name: classifier(name)) for name in CLASSIFIERS},
    "lraspp": lambda: segmentation("lraspp_mobilenet_v3_large", "input"), "fcn": lambda: segmentation("fcn_resnet50"),
    "inception_v3": inception, "googlenet": googlenet,
}


def form(is_open: bool, decomposed: bool) -> str:
    return f"{'open' if is_open else 'static'}{'-decomposed' if decomposed else ''}"


def exported(sample: Sample, is_open: bool, decomposed: bool) -> torch.export.ExportedProgram:
    shapes = None
    if is_open:
        axes = tuple({axis: torch.export.Dim.DYNAMIC for axis in sample.axes[name]} for name in sample.inputs)
        shapes = (axes,) if isinstance(sample.network, Named) else axes
    # A batch of one would be taken for the number 1.
    inputs = tuple(value.repeat(2, *[1] * (value.dim() - 1)) if is_open else value for value in sample.inputs.values())
    program = torch.export.export(sample.network, inputs, dynamic_shapes=shapes)
    return program.run_decompositions() if decomposed else program


def tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors(item)


def feeds(sample: Sample, is_open: bool) -> list[Tensor]:
    """Other inputs than those of the export, of other sizes where they are open."""
    made = []
    for name, value in sample.inputs.items():
        shape = [3 if axis == 0 and is_open else size for axis, size in enumerate(value.shape)]
        if is_open and 1 in sample.axes[name]:
            shape[1] = 11
        if name == "attention_mask" or name == "token_type_ids":
            made.append(torch.ones(shape, dtype=torch.int64))
        else:
            made.append(torch.rand(shape) if value.is_floating_point() else torch.randint(0, 400, shape))
    return made


def disagreement(model: Path, inputs: list[Tensor], expected: list[np.ndarray]) -> str | None:
    session = runtime.session(model)
    results = session.run(None, {put.name: value.numpy() for put, value in zip(session.get_inputs(), inputs, strict=True)})
    for result, wanted in zip(results, expected, strict=True):
        if result.shape != wanted.shape:
            return f"{result.shape} where {wanted.shape} is expected"
        if not np.allclose(result, wanted, RTOL, ATOL):
            return f"differs by {np.abs(result - wanted).max():.3g} of {np.abs(wanted).max():.3g}"
    return None


def theirs(sample: Sample, folder: Path, name: str, is_open: bool) -> tuple[int | None, float | None]:
    """The operations that PyTorch's exporter and the best simplifier leave, and the exporter's seconds; nothing where it fails."""
    model = folder / f"torch-{name}-dynamo{'' if is_open else '-static'}.onnx"
    made = model.with_suffix(".unfinished")
    is_kept = model.exists()
    os.sync()
    start = time.monotonic()
    try:
        export(sample, made, is_open, dynamo=True)
        seconds = time.monotonic() - start
        if not is_kept:
            made.rename(model)
        return fewest_operations(model), seconds
    except Exception as failure:  # noqa: BLE001 - it raises whatever its parts do
        print(f"{name}: torch.onnx.export: {type(failure).__name__}: {str(failure)[:200]!r}", file=sys.stderr)
        return None, None
    finally:
        for file in [made] if is_kept else [made, model]:
            file.unlink(missing_ok=True)


def judge_program(mcc: str, folder: Path, row: Row, sample: Sample, is_open: bool, decomposed: bool) -> None:
    """Fills in what mcc makes of a network."""
    archive = folder / f"{row.name}.pt2"
    torch.export.save(exported(sample, is_open, decomposed), archive)
    inputs = feeds(sample, is_open)
    with torch.no_grad():
        expected = [value.numpy() for value in tensors(sample.network(*inputs))]
    try:
        judge(mcc, row, [archive], folder, lambda output: disagreement(output, inputs, expected))
    finally:
        archive.unlink()


def main(arguments: list[str]) -> None:
    if len(arguments) < 2:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    mcc, place, *words = arguments
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    # What the first export of a process imports is not measured.
    export(Sample(torch.nn.ReLU(), {"x": torch.rand(2)}, {"x": {}}), folder / "first.onnx", is_open=False, dynamo=True)
    (folder / "first.onnx").unlink()
    table = Table()
    for name, make in NETWORKS.items():
        torch.manual_seed(SEED)
        sample = None
        for is_open in False, True:
            forms = [it for it in (False, True) if not words or any(word in f"{name}-{form(is_open, it)}" for word in words)]
            if forms and sample is None:
                sample = make()
                stir(sample.network).eval()
            operations, seconds = theirs(sample, folder, name, is_open) if forms else (None, None)
            for decomposed in forms:
                row = Row(f"{name}-{form(is_open, decomposed)}", their_operations=operations, their_seconds=seconds)
                try:
                    judge_program(mcc, folder, row, sample, is_open, decomposed)
                except Exception as failure:  # noqa: BLE001 - the others are worth knowing
                    row.verdict = f"{type(failure).__name__}: {str(failure)[:200]!r}"
                table.add(row)
    sys.exit(table.conclude())


if __name__ == "__main__":
    main(sys.argv[1:])
