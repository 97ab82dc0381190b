"""The test of a problem in the format of HumanEval: what runs of it, and whether it could run. Nothing runs here."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

CHECK = "check"
"""The function that calls the candidate."""


def testing_program(prompt: str, test: str) -> str:
    """The test behind what the prompt defines, whose helpers it may call."""
    return f"{_with_body(prompt)}\n{test}"


def check_problem(prompt: str, test: str) -> None:
    """Raise a `ValueError` unless prompt and test are Python, and the test defines what is called."""
    for name, source in (("prompt", _with_body(prompt)), ("test", test)):
        problem = _problem(source)
        if problem:
            raise ValueError(f'has a field "{name}" that is not Python ({problem})')
    if CHECK not in _bound(_parsed(test)):
        raise ValueError(f'has a field "test" without a function {CHECK}(candidate)')


def _with_body(prompt: str) -> str:
    """The prompt as a program by itself: a head that nothing stands below needs a body."""
    bodies = (prompt, f"{prompt.rstrip()} pass\n", f"{prompt.rstrip()}\n    pass\n")
    return next((source for source in bodies if not _problem(source)), prompt)


def _problem(source: str) -> str:
    """Why this is no Python; empty where it is."""
    try:
        _parsed(source)
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno} of it"
    except (ValueError, RecursionError, MemoryError) as error:  # a null byte, or nested without end
        return str(error) or "nested too deeply"
    return ""


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings(action="ignore"):  # an escape that will be an error one day is none today
        return ast.parse(source)


def _bound(node: ast.AST) -> Iterator[str]:
    """Names of what may be called with one argument, outside of a program's functions and classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield from [child.name] if child.decorator_list or _takes_one(child.args) else []
        elif isinstance(child, ast.alias):
            yield CHECK if child.name == "*" else child.asname or child.name
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif not isinstance(child, (ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):  # awaited by nobody
            yield from _bound(child)


def _takes_one(parameters: ast.arguments) -> bool:
    positional = len(parameters.posonlyargs) + len(parameters.args)
    needed = positional - len(parameters.defaults)
    return needed <= 1 and bool(positional or parameters.vararg) and None not in parameters.kw_defaults
