"""Equations in x as text: read by a small grammar of their own, never by evaluating anything.

equation = sum "=" sum
sum      = ["-"] product {("+" | "-") product}
product  = power {["*" | "/"] power}        a missing sign, before "x" or "(", multiplies
power    = atom ["^" digit]
atom     = number | "x" | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

LONGEST_EQUATION = 160
"""Characters of an equation."""
MOST_TOKENS = 80
DEEPEST = 8
"""Brackets within brackets."""
HIGHEST_DEGREE = 6
"""Of numerator or denominator, each counted as if nothing cancelled."""
MOST_DIGITS = 9

_TOKEN = re.compile(r"[0-9]+\.[0-9]+|[0-9]+|[x+\-*/^()=]| +")
_NUMBER = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,{MOST_DIGITS}}})?")


class NotAnEquation(ValueError):
    """A text is no equation of this grammar, or beyond its bounds."""


@dataclass(frozen=True)
class Node:
    """A part of an equation: `op` is "number", "x", "neg", or one of `+ - * / ^` with two parts below it."""

    op: str
    parts: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def holds_x(self) -> bool:
        return any(node.op == "x" for node in self.walk())


@dataclass(frozen=True)
class Equation:
    """An equation and its text, spaces set the one way."""

    left: Node
    right: Node
    text: str


def read_equation(text: str) -> Equation:
    """The equation that a text is.

    Raises:
        NotAnEquation: it is none, or has too many characters, brackets or digits, or too high a degree.

    """
    if len(text) > LONGEST_EQUATION:
        raise NotAnEquation("too long")
    tokens = _tokens(text)
    if tokens.count("=") != 1 or len(tokens) > MOST_TOKENS:
        raise NotAnEquation("not one sign of equality")
    middle = tokens.index("=")
    left, right = _Reader(tokens[:middle]).whole(), _Reader(tokens[middle + 1 :]).whole()
    if max(*_degrees(left), *_degrees(right)) > HIGHEST_DEGREE:
        raise NotAnEquation("too high a degree")
    return Equation(left, right, spaced(tokens))


def spaced(tokens: list[str]) -> str:
    """The text of tokens: spaces around the signs that join two terms, and around "="."""
    text = ""
    for i, sign in enumerate(tokens):
        joins = sign == "=" or (sign in {"+", "-"} and i > 0 and tokens[i - 1] not in {"=", "(", "+", "-", "*", "/"})
        text += f" {sign} " if joins else sign
    return text


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotAnEquation("a sign that belongs to no equation")
        place = match.end()
        if not match[0].isspace():
            tokens.append(match[0])
    return tokens


class _Reader:
    """Recursive descent over the tokens of one side."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._sum()
        if self._next:
            raise NotAnEquation("something is left over")
        return node

    @property
    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._place += 1
        return token

    def _sum(self) -> Node:
        negative = self._next == "-" and bool(self._take())
        node = _negated(self._product()) if negative else self._product()
        while self._next in {"+", "-"}:
            node = Node(self._take(), (node, self._product()))
        return node

    def _product(self) -> Node:
        node = self._power()
        divided = False
        while self._next in {"*", "/", "x", "("}:
            sign = self._take() if self._next in {"*", "/"} else ""
            if not sign and divided:
                raise NotAnEquation("1/2x may mean two things")
            divided = sign == "/"
            node = Node(sign or "*", (node, self._power()))
        return node

    def _power(self) -> Node:
        node = self._atom()
        if self._next != "^":
            return node
        self._take()
        exponent = self._take()
        if exponent not in {"0", "1", "2", "3"}:
            raise NotAnEquation("an exponent beyond 3")
        return Node("^", (node, Node("number", value=Fraction(int(exponent)))))

    def _atom(self) -> Node:
        first = self._take()
        if first == "x":
            return Node("x")
        if _NUMBER.fullmatch(first):
            return Node("number", value=Fraction(first))
        if first != "(" or self._depth == DEEPEST:
            raise NotAnEquation("no number, x or bracket where one is needed")
        self._depth += 1
        node = self._sum()
        self._depth -= 1
        if self._take() != ")":
            raise NotAnEquation("a bracket is not closed")
        return node


def _negated(node: Node) -> Node:
    """The sign goes to a number that stands alone or leads a product, as in -3x."""
    if node.op == "number":
        return Node("number", value=-node.value)
    if node.op in {"*", "/"} and (first := _negated(node.parts[0])).op != "neg":
        return Node(node.op, (first, node.parts[1]))
    return Node("neg", (node,))


def _degrees(node: Node) -> tuple[int, int]:
    """Degrees of numerator and denominator, bounded from above."""
    if node.op in {"number", "x"}:
        return int(node.op == "x"), 0
    if node.op == "^":
        power = int(node.parts[1].value)
        above, below = _degrees(node.parts[0])
        return above * power, below * power
    (a, b), (c, d) = _degrees(node.parts[0]), _degrees(node.parts[-1])
    if node.op == "neg":
        return a, b
    if node.op == "*":
        return a + c, b + d
    return (a + d, b + c) if node.op == "/" else (max(a + d, c + b), b + d)


Measure = tuple[int, int, int, bool, int, int, Fraction]


def complexity(equation: Equation) -> Measure:
    """How far an equation is from being solved; a step is progress when it comes below all before it.

    In order of weight: x below a fraction line; sums that wait to be multiplied out or divided; how often x occurs;
    whether x does not stand alone on the left; numbers; signs and numbers; the size of the numbers together.
    """
    nodes = [*equation.left.walk(), *equation.right.walk()]
    numbers = [node for node in nodes if node.op == "number"]
    return (
        sum(node.op == "/" and node.parts[1].holds_x for node in nodes),
        sum(node.op in {"*", "/", "^", "neg"} and any(_is_sum(part) for part in node.parts) for node in nodes),
        sum(node.op == "x" for node in nodes),
        equation.left.op != "x" or equation.right.holds_x,
        len(numbers) + sum(node.op == "neg" for node in nodes),
        len(nodes),
        sum((Fraction(abs(n.value.numerator) + n.value.denominator) for n in numbers), Fraction(0)),
    )


def value_of(equation: Equation) -> Fraction | None:
    """The number in `x = number`, None for any other equation; a fraction must be in lowest terms."""
    right = equation.right
    if equation.left.op != "x":
        return None
    if right.op == "number":
        return right.value
    if right.op != "/" or any(part.op != "number" for part in right.parts):
        return None
    above, below = (part.value for part in right.parts)
    if below <= 1 or above.denominator * below.denominator != 1:
        return None
    value = above / below
    return value if value.denominator == below else None


def _is_sum(node: Node) -> bool:
    return node.op in {"+", "-"}
