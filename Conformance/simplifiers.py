"""What other simplifiers leave of a model, and how long they take.

The variable `SIMPLIFIERS` names the Python that has them, when the one that runs has not. What they did is kept beside each model in
`<model>.peers.json`; those that are not installed are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import onnx
from onnx import ModelProto

from costs import operation_count
from measured import Run, measured

TIMEOUT = 900
PEERS = {
    "onnxsim": "from onnxsim.onnx_simplifier import main; sys.argv = ['onnxsim', source, target]; main()",
    "onnxslim": "import onnxslim; onnxslim.slim(source, target)",
    "onnxruntime": """import onnxruntime
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
options.optimized_model_filepath = target
onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])""",
    "onnxscript": "import onnx, onnxscript.optimizer; onnx.save(onnxscript.optimizer.optimize(onnx.load(source)), target)",
}
"""How a user calls each, in a process of its own."""
PYTHON = os.environ.get("SIMPLIFIERS") or sys.executable


@cache
def is_installed(name: str) -> bool:
    """Whether the simplifiers' Python has this one."""
    program = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([PYTHON, "-c", program], check=False).returncode == 0


def stray_operators(model: ModelProto) -> set[str]:
    """Domains beyond the standard's: a peer that writes those is not compared."""
    return {node.domain for node in model.graph.node} - {"", "ai.onnx", "ai.onnx.ml"}


def row(run: Run, output: Path) -> dict[str, object]:
    """What came of one program's run: operations, seconds and the peak of memory, or what went wrong."""
    if run.code != 0 or not output.exists():
        return {"error": run.errors.strip().splitlines()[-1:] or ["no output"]}
    model = onnx.load(output, load_external_data=False)
    found: dict[str, object] = {"operations": operation_count(model), "seconds": run.seconds, "bytes": run.peak_bytes}
    if strays := stray_operators(model):
        found["domains"] = sorted(strays)
    return found


def peers(model: Path) -> dict[str, dict]:
    """What each installed peer makes of `model`; measured once."""
    kept = model.with_suffix(".peers.json")
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for name, code in PEERS.items():
        if name in known or not is_installed(name):
            continue
        with tempfile.TemporaryDirectory(dir=model.parent) as folder:
            target = Path(folder, "after.onnx")
            program = f"import sys; source, target = sys.argv[1:]\n{code}"
            known[name] = row(measured([PYTHON, "-c", program, str(model), str(target)], TIMEOUT), target)
        kept.write_text(json.dumps(known, indent=1))
    return known


def fewest_operations(model: Path) -> int:
    """What the best peer leaves of `model`; as many as it has where none does better."""
    left = [found["operations"] for found in peers(model).values() if "operations" in found and "domains" not in found]
    return min([*left, operation_count(onnx.load(model, load_external_data=False))])
