"""Compares mcc with cp, and with the peers that are installed beside this Python, on the same files.

    python Benchmarks/run.py [option ...] .build/release/mcc

Each run comes right after a cp of the same model, into a folder made empty before; the first round is not counted.
`x cp` is the median of the pairs' ratios. Wall and ratio come with the least and the most of all rounds, the peak of
memory is the most; cp's own line shows the noise. Each last output is given to onnx.checker and loaded by ONNX Runtime.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from measure import Failed, Result, Spread, Task, measure

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
MCC_TASKS = {
    "mcc": ("onnx",),
    "mcc prune,quant8": ("onnx", "-passes=prune,quant8"),
    "mcc simplify": ("onnx", "-passes=simplify"),
    "mcc to .mcb": ("mcb",),
    "mcc prune,quant8 to .mcb": ("mcb", "-passes=prune,quant8"),
}
PEER_TASKS = {
    "onnxsim": ("onnxsim", "-m", "onnxsim"),
    "OnnxSlim": ("onnxslim", "-m", "onnxslim"),
    "ONNX Runtime optimize": ("onnxruntime", str(HERE / "peers.py"), "optimize"),
    "ONNX Runtime quantize": ("onnxruntime", str(HERE / "peers.py"), "quantize"),
}


def find(name: str, folder: Path) -> Path:
    """The model of that name: an example, or a large one, which is made unless it is in `folder`."""
    example = EXAMPLES / f"{name}.onnx"
    if example.exists():
        return example
    subprocess.run([sys.executable, HERE / "models.py", "--folder", folder, name], check=True)
    return folder / f"{name}.onnx"


def parts(model: Path) -> list[Path]:
    """The files that make up a model: itself and its external data."""
    return [part for part in (model, model.with_suffix(".data")) if part.exists()]


def copying(model: Path, outputs: Path) -> Task:
    folder = outputs / "cp"
    return Task("cp", ("cp", *map(str, parts(model)), str(folder)), folder)


def mcc_tasks(mcc: Path, model: Path, outputs: Path) -> list[Task]:
    tasks = []
    for name, (suffix, *options) in MCC_TASKS.items():
        folder = outputs / name.replace(" ", "-")
        output = folder / f"{model.stem}.{suffix}"
        tasks.append(Task(name, (str(mcc), str(model), *options, "-o", str(output)), folder))
    return tasks


def peer_tasks(model: Path, outputs: Path) -> list[Task]:
    """A task for each peer that this Python can import."""
    tasks = []
    for name, (module, *command) in PEER_TASKS.items():
        if importlib.util.find_spec(module) is not None:
            folder = outputs / name.replace(" ", "-")
            output = str(folder / model.name)
            tasks.append(Task(name, (sys.executable, *command, str(model), output), folder))
    return tasks


def verdict(task: Task, mcc: Path) -> str:
    """Whether what the task wrote last is a valid model; what mcc wrote as .mcb is read back first."""
    output = next(file for file in sorted(task.folder.iterdir()) if file.suffix in (".onnx", ".mcb"))
    try:
        if output.suffix == ".mcb":
            back = task.folder / "back"
            Task("back", (str(mcc), str(output), "-o", str(back / "model.onnx")), back).run()
            output = back / "model.onnx"
        subprocess.run([sys.executable, HERE / "judge.py", output], check=True, capture_output=True)
    except Failed as failure:
        return f"not read back: {failure}"
    except subprocess.CalledProcessError as failure:
        return "refused: " + failure.stderr.decode(errors="replace").strip().splitlines()[-1]
    return "ok"


def spread(values: Spread, digits: int) -> str:
    return f"{values.median:.{digits}f} ({values.least:.{digits}f}-{values.most:.{digits}f})"


def line(task: Task, result: Result | Failed, mcc: Path) -> str:
    """A task's line of the table."""
    if isinstance(result, Failed):
        return f"{task.name:<26}{result}"
    size = sum(file.stat().st_size for file in task.folder.iterdir() if file.is_file())
    return (
        f"{task.name:<26}{spread(result.wall, 3):>23}{result.cpu:>9.3f}{result.peak / 2**20:>9.0f}"
        f"{size / 1e6:>9.1f}  {spread(result.ratio, 2):<26}{verdict(task, mcc)}"
    )


def compare(model: Path, arguments: argparse.Namespace) -> None:
    """Measures every task on one model and prints the table."""
    outputs = arguments.folder / "outputs"
    size = sum(part.stat().st_size for part in parts(model))
    print(f"\n{model.name}, {size / 1e6:,.1f} MB", flush=True)
    print(f"{'':<26}{'wall s':>23}{'CPU s':>9}{'peak MiB':>9}{'MB out':>9}  {'x cp':<26}valid", flush=True)
    yardstick = copying(model, outputs)
    groups = [(mcc_tasks(arguments.mcc, model, outputs), arguments.rounds)]
    groups.append(([] if arguments.no_peers else peer_tasks(model, outputs), arguments.peer_rounds))
    for tasks, rounds in groups:
        for name, result in measure([yardstick, *tasks] if tasks else [], yardstick, rounds).items():
            task = next(task for task in (yardstick, *tasks) if task.name == name)
            print(line(task, result, arguments.mcc), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mcc", type=Path)
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="NAME",
        default=["digits", "vgg16", "resnet50", "encoder"],
        help="%(default)s unless named; there is decoder, too (3.6 GB)",
    )
    parser.add_argument("--rounds", type=int, default=9, help="counted rounds of mcc (%(default)s)")
    parser.add_argument("--peer-rounds", type=int, default=3, help="counted rounds of the peers (%(default)s)")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--folder", type=Path, default=HERE / "models", help="where models and outputs are kept")
    arguments = parser.parse_args()
    arguments.mcc = arguments.mcc.resolve()
    for name in arguments.models:
        compare(find(name, arguments.folder), arguments)


if __name__ == "__main__":
    main()
