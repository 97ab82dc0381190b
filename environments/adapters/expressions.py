"""Whether a text may be handed to a scorer that evaluates it as Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

LONGEST = 2_000
"""Characters of the longest expression."""

HIGHEST_POWER = 200

LONGEST_NUMBER = 15

_LITERAL = (ast.Expression, ast.List, ast.Tuple, ast.Constant, ast.Name, ast.Load, ast.UnaryOp, ast.USub)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def is_harmless_literal(text: str) -> bool:
    """Whether evaluating the text can do no more than build a list: it holds no call, loop, attribute or operator.

    A text that is no Python at all is harmless too.
    """
    tree = _parsed(text)
    return tree is None or all(isinstance(node, _LITERAL) for node in ast.walk(tree))


def is_expression(text: str, names: Collection[str] = ()) -> bool:
    """Whether a text is made of numbers, these names, brackets and + - * / ** alone, and cheap to evaluate."""
    if re.search(r"\d\.?[A-Za-z_]", text):  # 1e999999999 takes for ever where numbers are exact
        return False
    tree = _parsed(text)
    return tree is not None and _is_sound(tree.body, frozenset(names))


def _parsed(text: str) -> ast.Expression | None:
    if len(text) > LONGEST:
        return None
    try:
        return ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _is_sound(node: ast.expr, names: frozenset[str]) -> bool:
    match node:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float() as number):
            return len(str(number)) <= LONGEST_NUMBER
        case ast.Name(id=name):
            return name in names
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _is_sound(operand, names)
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int() as power)):
            flat = not any(isinstance(inner, ast.Pow) for inner in ast.walk(base))
            return power <= HIGHEST_POWER and flat and _is_sound(base, names)
        case ast.BinOp(left=left, op=operator, right=right):
            plain = isinstance(operator, _OPERATORS) and not isinstance(operator, ast.Pow)
            return plain and _is_sound(left, names) and _is_sound(right, names)
    return False
