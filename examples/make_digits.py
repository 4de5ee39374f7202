"""Trains the convolutional network of examples/digits.onnx on scikit-learn's handwritten digits and exports it.

    python examples/make_digits.py          # needs torch, onnx and scikit-learn; ten minutes on two cores

The 1,797 images of 8x8 are enlarged to 32x32; a quarter of them, the same in every run, is the test split: neither
trained on nor looked at until the network is final. How to train is chosen by a quarter of the other images, then the
network is trained on all of those. `test_split` is for whoever wants to judge a compiled model, and needs scikit-learn
and NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

OUTPUT = Path(__file__).with_name("digits.onnx")
SEED = 0
BATCH = 64
EPOCHS = (10, 20, 30, 40, 50, 60)  # to choose from
LABEL_SMOOTHINGS = (0.0, 0.05, 0.1)  # to choose from: it keeps a network from being surer than the images allow

Images = np.ndarray  # float32 [count, 1, 32, 32] in 0...1
Labels = np.ndarray  # int64 [count]


def split(images: Images, labels: Labels) -> tuple[Images, Images, Labels, Labels]:
    """Three quarters and one quarter of the images, each digit's share alike in both, and the labels of both."""
    return tuple(train_test_split(images, labels, test_size=0.25, random_state=SEED, stratify=labels))


def splits() -> tuple[Images, Images, Labels, Labels]:
    """The images to train on, the images to test on, and the labels of both."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    return split(images.repeat(4, axis=2).repeat(4, axis=3), digits.target.astype(np.int64))


def test_split() -> tuple[Images, Labels]:
    """The images that the network has not seen, and their labels."""
    _, images, _, labels = splits()
    return images, labels


def training(images: Images, labels: Labels, smoothing: float) -> Iterator:  # of torch.nn.Module
    """The network after each epoch, in evaluation mode; torch is imported by those who train only."""
    import torch
    from torch import nn

    torch.manual_seed(SEED)
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.AvgPool2d(6),
        nn.Flatten(),
        nn.Linear(1024, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )
    inputs, targets = torch.from_numpy(images), torch.from_numpy(labels)
    loss = nn.CrossEntropyLoss(label_smoothing=smoothing)  # its log-softmax changes nothing the second time
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    while True:
        network.train()
        for batch in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            loss(network(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        yield network.eval()


def judge(network, images: Images, labels: Labels) -> tuple[float, float]:  # network: torch.nn.Module
    """The mean negative log-likelihood of the labels, and the fraction of the images classified rightly."""
    import torch

    with torch.no_grad():
        said = network(torch.from_numpy(images)).numpy()
    return float(-said[np.arange(len(labels)), labels].mean()), float((said.argmax(axis=1) == labels).mean())


def choose(images: Images, labels: Labels) -> tuple[int, float]:
    """The epochs and the label smoothing that make a quarter of the images likeliest, trained on the others."""
    images, unseen, labels, unseen_labels = split(images, labels)
    losses: dict[tuple[int, float], float] = {}
    for smoothing in LABEL_SMOOTHINGS:
        for epoch, network in enumerate(islice(training(images, labels, smoothing), max(EPOCHS)), 1):
            if epoch in EPOCHS:
                losses[epoch, smoothing], right = judge(network, unseen, unseen_labels)
                print(f"{epoch} epochs, smoothing {smoothing}: {losses[epoch, smoothing]:.4f}, {right:.2%}", flush=True)
    return min(losses, key=losses.__getitem__)


def main() -> None:
    import torch

    images, test_images, labels, test_labels = splits()
    epochs, smoothing = choose(images, labels)
    print(f"chosen: {epochs} epochs, label smoothing {smoothing}", flush=True)
    network = next(islice(training(images, labels, smoothing), epochs - 1, None))
    torch.onnx.export(
        network,
        (torch.zeros(1, 1, 32, 32),),
        OUTPUT,
        input_names=["image"],
        output_names=["log_probabilities"],
        dynamic_axes={"image": {0: "batch"}, "log_probabilities": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    _, right = judge(network, test_images, test_labels)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes, {right:.2%} of the test images right")


if __name__ == "__main__":
    main()
