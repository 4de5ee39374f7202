"""Runs mcc as a user would: as a program, on files."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class Mcc:
    """The program under judgment."""

    def __init__(self, program: Path) -> None:
        self.program = program.resolve()

    def run(self, *arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[bytes]:
        """Runs mcc and returns what it said and its exit code, whatever that is."""
        words = [str(self.program), *map(str, arguments)]
        return subprocess.run(words, capture_output=True, timeout=timeout, check=False)

    def compile(self, model: Path, output: Path, *options: str) -> Path:
        """Compiles `model` to `output` and returns that; anything but success is an AssertionError with mcc's words."""
        result = self.run(model, *options, "-o", output)
        said = result.stderr.decode(errors="replace")
        assert result.returncode == 0, f"mcc {model.name} {' '.join(options)}: exit code {result.returncode}\n{said}"
        assert output.exists(), f"mcc {model.name} {' '.join(options)}: no output was written\n{said}"
        return output
