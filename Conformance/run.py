"""Judges mcc from outside, with the onnx package and ONNX Runtime.

    python Conformance/run.py .build/debug/mcc [word ...]

runs each function `check_*(mcc, folder)` of each file `check_*.py` beside this one, in the order of their names; with
words, only those whose "file.function" contains one of them. A check is given the program and an empty folder, and
raises (an AssertionError with a sentence, most often) when it is not content. The exit code is 1 when one was not.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from mcc import Mcc

Check = Callable[[Mcc, Path], None]


def checks(words: list[str]) -> Iterator[tuple[str, Check]]:
    """The checks to run, each with its name."""
    for file in sorted(Path(__file__).parent.glob("check_*.py")):
        module = importlib.import_module(file.stem)
        for function, check in sorted(vars(module).items()):
            name = f"{file.stem.removeprefix('check_')}.{function.removeprefix('check_')}"
            own = getattr(check, "__module__", None) == file.stem
            if own and function.startswith("check_") and (not words or any(word in name for word in words)):
                yield name, check


def passes(name: str, check: Check, mcc: Mcc) -> bool:
    """Runs one check, prints its line, and returns whether it was content."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mcc-") as folder:
        try:
            check(mcc, Path(folder))
            failure = None
        except Exception:  # noqa: BLE001 - whatever a check raises is its verdict
            failure = traceback.format_exc()
    print(f"{'ok  ' if failure is None else 'FAIL'} {name} ({time.monotonic() - start:.1f} s)", flush=True)
    if failure is not None:
        print(failure, flush=True)
    return failure is None


def main(arguments: list[str]) -> int:
    if not arguments or not Path(arguments[0]).is_file():
        print("usage: run.py <path of mcc, built before> [word ...]", file=sys.stderr)
        return 64
    mcc = Mcc(Path(arguments[0]))
    verdicts = [passes(name, check, mcc) for name, check in checks(arguments[1:])]
    print(f"{sum(verdicts)} of {len(verdicts)} conformance checks passed")
    return 0 if verdicts and all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
