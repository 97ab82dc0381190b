"""Which faults of the decisions, the journal and the gate the tests find: a sample of mutants, each a fault put in.

A mutant is one source file with one change: a comparison turned or moved by one, arithmetic or logic swapped, a `not`
removed, a constant or a returned value replaced. The sample is drawn from a seed; the same seed draws the same faults
of the same sources. Each is tried in a copy of the repository: first the tests that mirror its file and those of its
folder, then, without `--no-runs`, runs end to end, until one fails or all pass. One that passes all has survived, which
shows a missing test or a change without meaning. One that takes longer than the limit counts as found. `--tests quick`
tries what `make test` runs, `--tests all` what `make test-all` runs. Results are kept as they come, and another call
with the same file goes on.

    python benchmarks/changes/mutants.py [--tests quick|all] [--count 200] [--seed 0] [--limit 300] [--no-runs]
        [--results FILE]
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
WEIGHTS = {"policies/acceptance.py": 4.0, "agent/nodes/gate.py": 2.0}
"""How much likelier a mutant of a file is drawn than one of the others."""
MIRRORS = {
    "memory/journal.py": ("tests/memory/test_journal.py",),
    "memory/journal_reader.py": ("tests/memory/test_journal.py",),
    "memory/writer.py": ("tests/memory/test_writer.py", "tests/memory/test_journal.py"),
    "memory/schema.py": ("tests/memory/test_journal.py", "tests/agent/record"),
    "agent/nodes/gate.py": ("tests/agent/loop/test_loop.py",),
    "policies/purposes.py": ("tests/test_terms.py",),
    "policies/involvement.py": ("tests/agent/loop/test_people.py",),
}
END_TO_END = (
    "tests/test_docs.py",
    "tests/agent/loop/test_loop.py",
    "tests/agent/verification/test_verify.py",
    "tests/agent/loop/test_people.py",
    "tests/agent/judges",
    "tests/agent/loop/test_guard.py",
    "tests/agent/proofs",
)
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A fault: what is changed, where, and the text of the node before and after."""

    file: str
    line: int
    column: int
    before: str
    after: str


@dataclass(frozen=True)
class Tried:
    """What became of a mutant; `by` is the test that found it, or how else it was found."""

    mutant: Mutant
    fate: Literal["killed", "survived"]
    by: str


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """The faults that can be put in place of a node."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[first, *_]) if type(first) in COMPARISONS:
            new.ops[0] = COMPARISONS[type(first)]()
            yield new
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            new.op = ARITHMETIC[type(operator)]()
            yield new
        case ast.BoolOp(op=logic):
            new.op = ast.Or() if isinstance(logic, ast.And) else ast.And()
            yield new
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.IfExp(body=body, orelse=other):
            new.body, new.orelse = other, body
            yield new
        case ast.Return(value=ast.expr()) if not (isinstance(new.value, ast.Constant) and new.value.value is None):
            new.value = ast.Constant(None)
            yield new


def left_out(tree: ast.AST) -> set[int]:
    """Nodes in which a change has no meaning: annotations and the text of f-strings."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts = [node.returns]
        elif isinstance(node, ast.JoinedStr):
            parts = [node]
        skipped |= {id(inner) for part in parts if part is not None for inner in ast.walk(part)}
    return skipped


def mutants(file: str) -> list[Mutant]:
    """Every fault of a file that the kinds above make."""
    text = (ROOT / file).read_text(encoding="utf-8")
    tree = ast.parse(text)
    skipped = left_out(tree)
    return [
        Mutant(file, node.lineno, node.col_offset, ast.get_source_segment(text, node) or "", ast.unparse(new))
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.stmt) and id(node) not in skipped
        for new in changed(node)
    ]


def sample(*, count: int, seed: int) -> list[Mutant]:
    """Mutants drawn without replacement, those of the files in `WEIGHTS` likelier."""
    memory = ("journal", "journal_reader", "writer", "schema")
    policies = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "policies").glob("[a-z]*.py"))
    files = [*policies, *(f"memory/{name}.py" for name in memory), "agent/nodes/gate.py"]
    rng = random.Random(seed)
    # Efraimidis and Spirakis (2006): the largest keys u ** (1 / weight) are a weighted sample
    keyed = [(rng.random() ** (1 / WEIGHTS.get(m.file, 1)), m) for file in files for m in mutants(file)]
    return [m for _, m in sorted(keyed, key=lambda pair: -pair[0])[:count]]


def faulty(text: str, mutant: Mutant) -> str:
    """The file's text with the fault in it."""
    lines = text.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: mutant.line - 1])) + mutant.column
    end = start + len(mutant.before.encode())
    put = mutant.after if mutant.after.startswith("return") else f"({mutant.after})"
    indented = put.replace("\n", "\n" + " " * mutant.column)
    return (text.encode()[:start] + indented.encode() + text.encode()[end:]).decode()


def tests_of(file: str, *, runs: bool) -> list[tuple[str, ...]]:
    """The tests that could find a fault of a file, those first that are quickest to; `runs` adds runs end to end."""
    mirror = f"tests/{Path(file).parent}/test_{Path(file).name}"
    first = MIRRORS.get(file) or ((mirror,) if (ROOT / mirror).exists() else ())
    rest = tuple(path for path in END_TO_END if runs and path not in first)
    wider = () if file.startswith("agent/") else (str(Path("tests") / Path(file).parent),)
    return [tests for tests in (first, wider, rest) if tests]


def write(source: Path, text: str) -> None:
    """Write a source file, two seconds younger than it was: bytecode is made anew by the second of a source's time."""
    then = source.stat().st_mtime
    source.write_text(text, encoding="utf-8")
    os.utime(source, (then + 2, then + 2))


def attempt(tree: Path, mutant: Mutant, *, thorough: bool, runs: bool, limit: float) -> Tried:
    """Run the tests on a copy of the repository with the fault in it."""
    source = tree / mutant.file
    whole = source.read_text(encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(tree / ".editable"), "CI": "1", "PYTHONDONTWRITEBYTECODE": ""}
    env["BURNISH_TESTS"] = "thorough" if thorough else "quick"
    chosen = [] if thorough else ["-m", "not thorough"]
    write(source, faulty(whole, mutant))
    try:
        for tests in tests_of(mutant.file, runs=runs):
            command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *chosen, *tests]
            with subprocess.Popen(
                command, cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                start_new_session=True,
            ) as running:  # fmt: skip
                try:
                    said, _ = running.communicate(timeout=limit)
                except subprocess.TimeoutExpired:
                    os.killpg(running.pid, signal.SIGKILL)
                    return Tried(mutant, "killed", "the time limit")
            if running.returncode not in {0, 5}:  # 5: nothing was selected
                failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
                return Tried(mutant, "killed", failed[0].split(" - ")[0] if failed else said[-200:])
    finally:
        write(source, whole)
    return Tried(mutant, "survived", "")


def table(results: list[Tried]) -> str:
    """Killed and survived by file, then the survivors."""
    rows = [f"{'file':32} killed survived"]
    for file in sorted({tried.mutant.file for tried in results}):
        fates = [tried.fate for tried in results if tried.mutant.file == file]
        rows.append(f"{file:32} {fates.count('killed'):6} {fates.count('survived'):8}")
    fates = [tried.fate for tried in results]
    rows.append(f"{'all':32} {fates.count('killed'):6} {fates.count('survived'):8}")
    for tried in results:
        if tried.fate == "survived":
            m = tried.mutant
            rows.append(f"survived: {m.file}:{m.line}: {m.before!r} -> {m.after!r}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", choices=("quick", "all"), default="quick")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=300, help="seconds for each call of pytest")
    parser.add_argument("--no-runs", action="store_true", help="leave out the runs end to end")
    parser.add_argument(
        "--results", type=Path, help="JSON lines, gone on with; default: in runs/, named after these options"
    )
    asked = parser.parse_args()
    kept = asked.results or ROOT / "runs" / f"mutants-{asked.tests}{'-no-runs' * asked.no_runs}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    read = [json.loads(line) for line in lines]
    known = {(m := Mutant(**row["mutant"])): Tried(m, row["fate"], row["by"]) for row in read}
    results: list[Tried] = []
    with tempfile.TemporaryDirectory() as folder, kept.open("a", encoding="utf-8") as out:
        tree = Path(folder) / "repository"
        unwanted = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "runs", "__pycache__")
        shutil.copytree(ROOT, tree, symlinks=True, ignore=unwanted)
        for mutant in sample(count=asked.count, seed=asked.seed):
            if mutant not in known:
                tried = attempt(tree, mutant, thorough=asked.tests == "all", runs=not asked.no_runs, limit=asked.limit)
                out.write(json.dumps(asdict(tried)) + "\n")
                out.flush()
                known[mutant] = tried
            results.append(known[mutant])
    print(table(results))


if __name__ == "__main__":
    main()
