"""Exports models that people deploy, from PyTorch, to judge mcc with graphs as exporters really write them.

    python Conformance/export_real_models.py <folder> [word ...]

needs torch, torchvision, transformers, onnx and onnxscript. The weights are random; with words, only the models whose
names contain one of them are exported. `-static` fixes the batch to 1, `-dynamic` leaves it (and a sequence's length)
open, `-dynamo-static` and `-dynamo` are what torch.export's exporter writes in place of the older one. A model that is
there is left alone; one that an exporter cannot export is reported.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

OPSET = 17
DYNAMO_OPSET = 18  # the oldest that torch.export's exporter writes
SEED = 0


@dataclass(frozen=True)
class Sample:
    """A network and what it is traced with; `axes` names the open dimensions of inputs and outputs."""

    network: nn.Module
    inputs: dict[str, Tensor]
    axes: dict[str, dict[int, str]]


class Named(nn.Module):
    """Gives a network its inputs by name, and picks by name what it returns in a dictionary."""

    def __init__(self, network: nn.Module, inputs: list[str], outputs: list[str], **options: object) -> None:
        super().__init__()
        self.network, self.inputs, self.outputs, self.options = network, inputs, outputs, options

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        values = self.network(**dict(zip(self.inputs, inputs, strict=True)), **self.options)
        return tuple(values[name] for name in self.outputs)


def classifier(name: str) -> Sample:
    """A classifier of torchvision's."""
    from torchvision.models import get_model

    network = get_model(name, weights=None)
    return Sample(network, {"image": torch.rand(1, 3, 224, 224)}, {"image": {0: "batch"}, "logits": {0: "batch"}})


def segmentation(name: str, image: str = "x") -> Sample:
    """A segmentation network of torchvision's, which calls its input `image`."""
    from torchvision.models import get_model

    network = Named(get_model(name, weights=None, weights_backbone=None), [image], ["out"])
    return Sample(network, {"image": torch.rand(1, 3, 224, 224)}, {"image": {0: "batch"}, "logits": {0: "batch"}})


def detection(name: str) -> Sample:
    """A detector of torchvision's: boxes are found by loops and branches."""
    from torchvision.models import get_model

    class Detector(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = get_model(name, weights=None, weights_backbone=None)

        def forward(self, image: Tensor) -> tuple[Tensor, ...]:
            found = self.network(list(image))[0]
            return found["boxes"], found["scores"], found["labels"]

    axes = {"image": {0: "batch"}, **{name: {0: "found"} for name in ("boxes", "scores", "labels")}}
    return Sample(Detector(), {"image": torch.rand(1, 3, 320, 320)}, axes)


SMALL_BERT = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 512, "vocab_size": 3000}
SMALL_GPT2 = {"n_embd": 128, "n_layer": 2, "n_head": 2, "vocab_size": 3000}


def bert(attention: str = "eager", **sizes: int) -> Sample:
    """A BERT; without sizes, BERT-base."""
    from transformers import BertConfig, BertModel

    network = BertModel(BertConfig(attn_implementation=attention, **sizes))
    tokens = torch.arange(16).reshape(1, 16)
    ones, zeros = torch.ones_like(tokens), torch.zeros_like(tokens)
    inputs = {"input_ids": tokens, "attention_mask": ones, "token_type_ids": zeros}
    axes = {0: "batch", 1: "sequence"}
    return Sample(
        Named(network, [*inputs], ["last_hidden_state", "pooler_output"]),
        inputs,
        {"input_ids": axes, "attention_mask": axes, "token_type_ids": axes, "hidden": axes, "pooled": {0: "batch"}},
    )


def gpt2(attention: str = "eager", **sizes: int) -> Sample:
    """A GPT-2 with its language head tied to the embedding; without sizes, the smallest of those published."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(attn_implementation=attention, **sizes)
    tokens = torch.arange(16).reshape(1, 16)
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    axes = {0: "batch", 1: "sequence"}
    network = Named(GPT2LMHeadModel(config), [*inputs], ["logits"], use_cache=False)
    return Sample(network, inputs, {"input_ids": axes, "attention_mask": axes, "logits": axes})


SAMPLES: dict[str, Callable[[], Sample]] = {
    "resnet50": lambda: classifier("resnet50"),
    "mobilenet_v2": lambda: classifier("mobilenet_v2"),
    "densenet121": lambda: classifier("densenet121"),
    "shufflenet_v2_x1_0": lambda: classifier("shufflenet_v2_x1_0"),
    "vit_b_16": lambda: classifier("vit_b_16"),
    "swin_t": lambda: classifier("swin_t"),
    "efficientnet_b0": lambda: classifier("efficientnet_b0"),
    "convnext_tiny": lambda: classifier("convnext_tiny"),
    "deeplabv3_resnet50": lambda: segmentation("deeplabv3_resnet50"),
    "ssdlite320_mobilenet_v3_large": lambda: detection("ssdlite320_mobilenet_v3_large"),
    "bert": lambda: bert(**SMALL_BERT),
    "gpt2": lambda: gpt2(**SMALL_GPT2),
    "bert_base": bert,
    "gpt2_base": gpt2,
}


def variants() -> Iterator[tuple[str, str, bool, bool]]:
    """Each file's stem, its sample's name, whether its dimensions are open, and whether torch.export writes it."""
    for name in SAMPLES:
        yield f"torch-{name}-static", name, False, False
        yield f"torch-{name}-dynamic", name, True, False
        yield f"torch-{name}-dynamo-static", name, False, True
        yield f"torch-{name}-dynamo", name, True, True


def stir(network: nn.Module) -> nn.Module:
    """Makes noise of what is untrained and all the same, biases of zeros say: no trained model has those."""
    for values in network.state_dict().values():
        if values.is_floating_point() and values.numel() > 1 and bool((values == values.flatten()[0]).all()):
            values += torch.rand_like(values) * 0.1
    return network


def export(sample: Sample, path: Path, is_open: bool, dynamo: bool) -> None:
    """Writes a sample as ONNX."""
    options: dict[str, object] = {"opset_version": DYNAMO_OPSET if dynamo else OPSET, "dynamo": dynamo}
    if dynamo:
        shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in sample.axes[name]} for name in sample.inputs)
        takes_one_tuple = isinstance(sample.network, Named)
        options["external_data"] = False
        if is_open:
            options["dynamic_shapes"] = (shapes,) if takes_one_tuple else shapes
    elif is_open:
        options["dynamic_axes"] = sample.axes
    outputs = [name for name in sample.axes if name not in sample.inputs]
    options |= {"input_names": [*sample.inputs], "output_names": outputs}
    torch.onnx.export(stir(sample.network).eval(), tuple(sample.inputs.values()), path, **options)


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    folder, *words = arguments
    Path(folder).mkdir(parents=True, exist_ok=True)
    for stem, name, is_open, dynamo in variants():
        path = Path(folder, f"{stem}.onnx")
        if path.exists() or (words and not any(word in stem for word in words)):
            continue
        torch.manual_seed(SEED)
        unfinished = path.with_suffix(".unfinished")
        try:
            export(SAMPLES[name](), unfinished, is_open, dynamo)
        except Exception as failure:  # noqa: BLE001 - not every exporter knows every model
            print(f"{path}: {type(failure).__name__}: {str(failure)[:200]!r}", flush=True)
            continue
        unfinished.rename(path)
        print(f"{path}: {path.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
