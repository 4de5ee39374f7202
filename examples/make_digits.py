"""Trains the convolutional network of examples/digits.onnx on scikit-learn's handwritten digits and exports it.

    python examples/make_digits.py          # needs torch, onnx and scikit-learn; a few minutes on two cores

The 1,797 images of 8x8 are enlarged to 32x32; a quarter of them, the same in every run, is never trained on.
`test_split` gives that quarter to whoever wants to judge a compiled model, and needs scikit-learn and NumPy only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

OUTPUT = Path(__file__).with_name("digits.onnx")
SEED = 0
EPOCHS = 30
BATCH = 64
LABEL_SMOOTHING = 0.05  # keeps the network from being surer than 1,347 images allow

Images = np.ndarray  # float32 [count, 1, 32, 32] in 0...1
Labels = np.ndarray  # int64 [count]


def splits() -> tuple[Images, Images, Labels, Labels]:
    """The images to train on, the images to test on, and the labels of both."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    enlarged = images.repeat(4, axis=2).repeat(4, axis=3)
    labels = digits.target.astype(np.int64)
    return tuple(train_test_split(enlarged, labels, test_size=0.25, random_state=SEED, stratify=labels))


def test_split() -> tuple[Images, Labels]:
    """The images that the network has not seen, and their labels."""
    _, images, _, labels = splits()
    return images, labels


def train():  # -> torch.nn.Module; torch is imported by those who train only
    """The trained network, in evaluation mode."""
    import torch
    from torch import nn

    torch.manual_seed(SEED)
    model = nn.Sequential(
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
    images, _, labels, _ = map(torch.from_numpy, splits())
    loss = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)  # log-softmax changes nothing the second time
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            loss(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    return model.eval()


def main() -> None:
    import torch

    model = train()
    images, labels = test_split()
    with torch.no_grad():
        predicted = model(torch.from_numpy(images)).argmax(dim=1).numpy()
    torch.onnx.export(
        model,
        (torch.zeros(1, 1, 32, 32),),
        OUTPUT,
        input_names=["image"],
        output_names=["log_probabilities"],
        dynamic_axes={"image": {0: "batch"}, "log_probabilities": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes, {(predicted == labels).mean():.2%} of the test images right")


if __name__ == "__main__":
    main()
