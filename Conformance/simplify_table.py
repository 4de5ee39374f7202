"""How many operations `simplify` leaves of real models, and how long it takes, beside its peers.

    python Conformance/simplify_table.py <mcc> <folder> [word ...]

The folder holds models, from export_real_models.py say; with words, only those whose names contain one of them count.
Operations are counted as `Constant`s are not, with functions inlined and subgraphs included. simplifiers.py says how the
peers are called. For each model mcc's outputs are compared with the source's, in ONNX Runtime without optimization. The
exit code is 1 where a peer leaves fewer operations, or outputs differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import onnx

from check_simplify import differs
from costs import operation_count
from judge_models import random_feeds
from mcc import Mcc
from measured import fastest
from runtime import outputs
from simplifiers import PEERS, TIMEOUT, peers, row

SEEDS = 2


def simplified(mcc: Mcc, model: Path, target: Path) -> dict:
    """What mcc makes of `model`."""
    return row(fastest([str(mcc.program), str(model), "-passes=simplify"], target, TIMEOUT), target)


def disagreement(model: Path, target: Path) -> str | None:
    """How outputs differ, in words; `None` where they agree."""
    for seed in range(SEEDS):
        feeds = random_feeds(model, seed)
        if reason := differs(outputs(target, feeds), outputs(model, feeds)):
            return f"seed {seed}: {reason}"
    return None


def cell(found: dict) -> str:
    """One program's figures."""
    if "error" in found:
        return "fails"
    mark = "*" if "domains" in found else ""
    return f"{found['operations']}{mark} {found['seconds']:.2f} s {found['bytes'] >> 20} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mcc", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--counts-only", action="store_true", help="do not compare outputs")
    arguments = parser.parse_args()
    mcc, losses = Mcc(arguments.mcc), 0
    print(f"{'model':50} {'before':>6}  " + "  ".join(f"{name:22}" for name in ["mcc", *PEERS]))
    for model in sorted(arguments.folder.glob("*.onnx")):
        if arguments.words and not any(word in model.stem for word in arguments.words):
            continue
        before = operation_count(onnx.load(model, load_external_data=False))
        found = peers(model)
        with tempfile.TemporaryDirectory(dir=model.parent) as folder:
            target = Path(folder, "after.onnx")
            ours = simplified(mcc, model, target)
            verdict = "fails" if "error" in ours else None if arguments.counts_only else disagreement(model, target)
        rivals = [peer["operations"] for peer in found.values() if "operations" in peer and "domains" not in peer]
        if not verdict and rivals and ours["operations"] > min(rivals):
            verdict = f"a peer leaves {min(rivals)}"
        losses += verdict is not None
        cells = "  ".join(f"{cell(row):22}" for row in [ours, *(found.get(name, {"error": ""}) for name in PEERS)])
        print(f"{model.stem:50} {before:6}  {cells}  {verdict or ''}", flush=True)
    sys.exit(1 if losses else 0)


if __name__ == "__main__":
    main()
