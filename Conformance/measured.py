"""Runs a program and measures what it took."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Run:
    """How a run ended."""

    code: int
    """The exit code; minus the signal's number where a signal ended it."""
    errors: str
    seconds: float
    peak_bytes: int = 0
    """The largest resident set, where that was measured."""


def run(words: list[str], timeout: float, prepare: Callable[[], None] | None = None) -> Run:
    """Runs `words`; a run of more than `timeout` seconds is killed, and its code is -9. `prepare` runs in the child."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=prepare,
            start_new_session=True)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - start
        errors.seek(0)
        return Run(process.returncode, errors.read().decode(errors="replace"), seconds)


PARENT = """
import os, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
seconds = time.monotonic() - start
os.write(2, b"\\n%d %d %.6f" % (os.waitstatus_to_exitcode(status), usage.ru_maxrss, seconds))
"""
"""A program starts with the peak of the process that starts it: a small one has to. What starting that takes is not measured."""


def measured(words: list[str], timeout: float) -> Run:
    """As `run`, with the peak of memory."""
    result = run([sys.executable, "-I", "-S", "-c", PARENT, *words], timeout)
    if result.code != 0:
        return result
    errors, _, numbers = result.errors.rpartition("\n")
    code, peak, seconds = numbers.split()
    return Run(int(code), errors, float(seconds), int(peak) * 1024)


RUNS = 3
"""Of which the fastest counts."""


def fastest(words: list[str], output: Path, timeout: float) -> Run:
    """The fastest of some runs of a program that writes `output`, by `-o`; or the first that fails.

    The first may pay for memory that the machine has yet to find: ten times what all else takes was seen.
    """
    runs: list[Run] = []
    while len(runs) < RUNS and all(run.code == 0 for run in runs):
        # What was written before is on its way to the disk, and slows down whoever writes next.
        output.unlink(missing_ok=True)
        os.sync()
        runs.append(measured([*words, "-o", str(output)], timeout))
    return min(runs, key=lambda run: (run.code == 0, run.seconds))
