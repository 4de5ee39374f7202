"""Runs a program and measures what it took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Run:
    """How a run ended."""

    code: int
    """The exit code; minus the signal's number where a signal ended it."""
    errors: str
    seconds: float
    peak_bytes: int
    """The largest resident set."""


def run(words: list[str], timeout: float, prepare: Callable[[], None] | None = None, cwd: str | None = None) -> Run:
    """Runs `words`; a run of more than `timeout` seconds is killed, and its code is -9. `prepare` runs in the child."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=prepare, cwd=cwd)
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        errors.seek(0)
        return Run(process.returncode, errors.read().decode(errors="replace"), seconds, usage.ru_maxrss * 1024)
