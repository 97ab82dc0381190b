from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from burnish import errors
from burnish.agent.cli.main import EXIT_CODES, _end
from burnish.environments.adapters.arena_link import GameFailed
from burnish.environments.kit.findings import Broken, Unfinished
from burnish.environments.sandbox.choose import NoSandbox
from burnish.environments.sandbox.protocol import SandboxFailure
from burnish.errors import BurnishError
from burnish.memory.index import IndexDamaged

SOURCES = ("core", "agent", "memory", "environments", "policies")
ROOT = Path(__file__).parents[1]


def drawn_tree() -> dict[str, str | None]:
    """Each class of the docstring's drawing with the one it hangs on."""
    tree: dict[str, str | None] = {}
    above: list[str] = []
    for line in inspect.cleandoc(errors.__doc__ or "").split("\n"):
        found = re.match(r"    ([│├└─ ]*)([A-Z]\w+) {2,}\S", line)
        if found:
            del above[len(found[1]) // 4 :]
            tree[found[2]] = above[-1] if above else None
            above.append(found[2])
    return tree


def classes(base: type[BurnishError]) -> list[type[BurnishError]]:
    """The class and everything below it."""
    return [base, *(cls for child in base.__subclasses__() for cls in classes(child))]


def test_the_tree_of_the_docstring_is_the_tree_of_the_classes() -> None:
    assert {Broken, GameFailed, IndexDamaged, NoSandbox, SandboxFailure, Unfinished} <= {*classes(BurnishError)}
    assert drawn_tree() == {
        cls.__name__: None if cls is BurnishError else cls.__bases__[0].__name__ for cls in classes(BurnishError)
    }


def test_no_error_is_defined_outside_the_tree() -> None:
    tree = drawn_tree()
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and {ast.unparse(b).rpartition(".")[2] for b in node.bases} & {*tree}:
                    assert node.name in tree, f"{path}: {node.name} is not drawn in core/errors.py"


def test_all_names_exactly_the_errors_of_the_module() -> None:
    here = {cls.__name__ for cls in classes(BurnishError) if cls.__module__ == errors.__name__}
    assert set(errors.__all__) == here
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (BurnishError, "other error"),
        (errors.ConfigError, "wrong configuration"),
        (errors.Interrupted, "stopped (resume continues)"),
        (errors.PluginError, "environment"),
        (errors.ModelError, "model"),
        (errors.StorageError, "run directory"),
        (errors.BudgetError, "budget"),
        (errors.VerificationError, "verification failed"),
    ],
)
def test_exit_codes_are_as_the_help_says_and_a_branch_shares_one(cls: type[BurnishError], words: str) -> None:
    assert f"{cls.exit_code} {words}" in " ".join(EXIT_CODES.split())
    if cls is not BurnishError:
        assert {child.exit_code for child in classes(cls)} == {cls.exit_code}


def test_the_help_lists_every_exit_code_and_no_other() -> None:
    codes = {cls.exit_code for cls in classes(BurnishError)}
    assert {int(n) for n in re.findall(r"\d+", EXIT_CODES)} == {0, *codes}


@pytest.mark.parametrize("cls", classes(BurnishError), ids=lambda cls: cls.__name__)
def test_an_error_ends_a_command_with_its_sentence_and_its_code(
    cls: type[BurnishError], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _end(cls("what happened"))
    assert ended.value.code == cls.exit_code
    assert capsys.readouterr() == ("", "burnish: what happened\n")
