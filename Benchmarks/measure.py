"""Measures what programs cost, each run paired with a run of a yardstick right before it.

Linux lets a child begin with its parent's peak memory, so whoever imports this must stay small: no NumPy, no onnx.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class Failed(Exception):
    """A program ended with an exit code other than 0; the text says which, and its last words."""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the clock, seconds of processor, bytes of memory at most."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Task:
    """A program and what to run it on; it writes nowhere but into its folder."""

    name: str
    command: tuple[str, ...]
    folder: Path

    def run(self) -> Cost:
        """Runs the program once, with its folder made empty before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        log = self.folder.with_suffix(".log")
        writable = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), writable, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        start = time.perf_counter()
        process = os.posix_spawnp(self.command[0], self.command, os.environ, file_actions=files)
        _, status, usage = os.wait4(process, 0)
        wall = time.perf_counter() - start
        if status != 0:
            words = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise Failed(f"exit code {os.waitstatus_to_exitcode(status)}: {' '.join(words)}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@dataclass(frozen=True)
class Spread:
    """The median of some measurements, and how far they lie apart."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        return Spread(median(values), min(values), max(values))


@dataclass(frozen=True)
class Result:
    """What a task cost over all rounds; `ratio` compares each wall time with the yardstick's of the same pair."""

    wall: Spread
    cpu: float
    peak: int
    ratio: Spread


def measure(tasks: list[Task], yardstick: Task, rounds: int) -> dict[str, Result | Failed]:
    """Runs the tasks in turn, `rounds` times and once before that is not counted; one that failed is not run again."""
    pairs: dict[str, list[tuple[Cost, Cost]]] = {task.name: [] for task in tasks}
    failures: dict[str, Failed] = {}
    for number in range(rounds + 1):
        for task in tasks:
            if task.name in failures:
                continue
            try:
                pair = yardstick.run(), task.run()
            except Failed as failure:
                failures[task.name] = failure
                continue
            if number > 0:
                pairs[task.name].append(pair)
    return {task.name: failures.get(task.name) or result(pairs[task.name]) for task in tasks}


def result(pairs: list[tuple[Cost, Cost]]) -> Result:
    """Sums up pairs of (yardstick, task)."""
    costs = [cost for _, cost in pairs]
    return Result(
        wall=Spread.of([cost.wall for cost in costs]),
        cpu=median(cost.cpu for cost in costs),
        peak=max(cost.peak for cost in costs),
        ratio=Spread.of([cost.wall / yardstick.wall for yardstick, cost in pairs]),
    )
