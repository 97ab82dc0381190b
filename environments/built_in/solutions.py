"""What solves an equation, judged exactly by sympy, and how it is solved line by line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from burnish.environments.built_in.algebra import Equation, Node, NotAnEquation, complexity, read_equation

Coefficients = tuple[Fraction, ...]
"""Of a polynomial in x, the highest power first."""


@dataclass(frozen=True)
class Solutions:
    """The complex numbers that solve an equation where all of it is defined.

    They are the roots of the polynomial `roots`, each of them once; or with `all_but` all numbers except those.
    Two equations have the same solutions exactly when these records are equal.
    """

    roots: Coefficients
    all_but: bool = False

    @property
    def single(self) -> Fraction | None:
        """The solution, where there is one alone and it is rational."""
        return -self.roots[1] if len(self.roots) == 2 and not self.all_but else None


@lru_cache(maxsize=4096)
def solutions(equation: Equation) -> Solutions:
    """What solves an equation.

    Raises:
        NotAnEquation: it divides by what is always zero.

    """
    excluded: list[Any] = [_constant(1)]
    left_above, left_below = _quotient(equation.left, excluded)
    right_above, right_below = _quotient(equation.right, excluded)
    difference = left_above * right_below - right_above * left_below
    undefined = math.prod(excluded[1:], start=excluded[0])
    if difference.is_zero:
        return Solutions(_coefficients(undefined.sqf_part().monic()), all_but=True)
    roots = difference.sqf_part()
    return Solutions(_coefficients(roots.quo(roots.gcd(undefined)).monic()))


def worked(equation: Equation) -> list[str]:
    """The lines that solve an equation with one solution, each simpler than all before, the last `x = number`.

    Raises:
        NotAnEquation: it has not exactly one solution.

    """
    solution = solutions(equation)
    if solution.single is None:
        raise NotAnEquation("not exactly one solution")
    lines: list[str] = []
    least = complexity(equation)
    for line in [*_candidates(equation), f"x = {solution.single}"]:
        step = read_equation(line)
        if complexity(step) < least and solutions(step) == solution:
            lines.append(line)
            least = complexity(step)
    return lines


def written(polynomial: Sequence[Fraction]) -> str:
    """A polynomial with whole coefficients as text, such as `3x - 4`."""
    text = ""
    for power, coefficient in zip(range(len(polynomial) - 1, -1, -1), polynomial, strict=True):
        if coefficient == 0:
            continue
        size = abs(coefficient)
        x = "" if power == 0 else "x" if power == 1 else f"x^{power}"
        term = x if size == 1 and x else f"{size}{x}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {term}" if text else f"{sign}{term}".removeprefix("+")
    return text or "0"


def _candidates(equation: Equation) -> Iterator[str]:
    """Lines of the usual way: multiply by the denominators, multiply out, x to the left, numbers to the right."""
    left, left_below = _whole(*_quotient(equation.left, []))
    right, right_below = _whole(*_quotient(equation.right, []))
    yield f"{_product(left, right_below)} = {_product(right, left_below)}"
    one, other = _multiplied(left, right_below), _multiplied(right, left_below)
    yield f"{written(one)} = {written(other)}"
    if len(one) < len(other):
        one, other = other, one
    other = (Fraction(0),) * (len(one) - len(other)) + other
    gathered = [a - b for a, b in zip(one[:-1], other[:-1], strict=True)]
    yield f"{written([*gathered, one[-1]])} = {written(other[-1:])}"
    yield f"{written([*gathered, Fraction(0)])} = {written([other[-1] - one[-1]])}"


def _constant(value: Fraction | int) -> Any:
    import sympy

    number = Fraction(value)
    rational = sympy.Rational(number.numerator, number.denominator)
    return sympy.Poly(rational, sympy.Symbol("x"), domain="QQ")


def _quotient(node: Node, excluded: list[Any]) -> tuple[Any, Any]:
    """Numerator and denominator as polynomials of sympy; what it divides by is noted in `excluded`."""
    if node.op == "number":
        return _constant(node.value), _constant(1)
    if node.op == "x":
        import sympy

        return sympy.Poly(sympy.Symbol("x"), domain="QQ"), _constant(1)
    above, below = _quotient(node.parts[0], excluded)
    if node.op == "neg":
        return -above, below
    if node.op == "^":
        power = int(node.parts[1].value)
        return above**power, below**power
    other_above, other_below = _quotient(node.parts[1], excluded)
    if node.op == "*":
        return above * other_above, below * other_below
    if node.op == "/":
        if other_above.is_zero:
            raise NotAnEquation("a division by zero")
        excluded.append(other_above)
        return above * other_below, below * other_above
    sign = 1 if node.op == "+" else -1
    return above * other_below + other_above * below * sign, below * other_below


def _coefficients(polynomial: Any) -> Coefficients:
    return tuple(Fraction(int(c.p), int(c.q)) for c in polynomial.all_coeffs())


def _whole(above: Any, below: Any) -> tuple[Coefficients, Coefficients]:
    """Both with whole coefficients: the quotient is the same."""
    one, other = _coefficients(above), _coefficients(below)
    scale = math.lcm(*(c.denominator for c in (*one, *other)))
    return tuple(c * scale for c in one), tuple(c * scale for c in other)


def _product(one: Coefficients, other: Coefficients) -> str:
    """Two polynomials multiplied, but not multiplied out where one is a sum."""
    first, second = sorted((one, other), key=_terms)
    if _terms(second) <= 1 or first == (Fraction(1),):
        return written(_multiplied(first, second))
    return f"{written(first)}({written(second)})" if _terms(first) == 1 else f"({written(first)})({written(second)})"


def _terms(polynomial: Coefficients) -> int:
    return sum(c != 0 for c in polynomial)


def _multiplied(one: Coefficients, other: Coefficients) -> Coefficients:
    product = [Fraction(0)] * (len(one) + len(other) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            product[i + j] += a * b
    return tuple(product)
