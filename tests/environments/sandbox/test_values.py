from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.sandbox.equality import Equality
from burnish.environments.sandbox.inside.values import MOST_ALIKE, MOST_HASHED, NotPlainError, dump, load

HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
VALUES = st.recursive(
    HASHABLE | st.sets(HASHABLE, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(HASHABLE, inner, max_size=3),
    max_leaves=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_a_value_comes_back_as_it_went(value: object) -> None:
    came = load(dump(value))
    assert came == value
    assert Equality().same(came, value)


@given(JSON | st.text())
def test_whatever_is_on_the_line_is_read_or_refused(data: object) -> None:
    line = data if isinstance(data, str) else json.dumps(data)
    try:
        value = load(line)
    except ValueError:
        return
    assert load(dump(value)) == value or repr(load(dump(value))) == repr(value)


def test_derived_classes_become_what_they_derive_from() -> None:
    class Everything(str):
        __slots__ = ()

        def __eq__(self, _: object) -> bool:
            return True

        __hash__ = str.__hash__

    for value in (Counter("a"), OrderedDict(a=1), Everything("no"), [Everything("no")]):
        came = load(dump(value))
        assert came != "yes"
        assert type(came) in {dict, str, list}
    assert load(dump(Everything("no"))) == "no"


def test_what_is_no_plain_value_is_refused() -> None:
    for value in (object(), range(3), {}.keys(), len, iter([])):
        with pytest.raises(NotPlainError):
            dump(value)
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        dump(endless)


NONSENSE = (
    "", "x", "[]", '["l"]', '["x", []]', '["l", 3]', '["i", 3]', '["i", "g"]', '["d", [1]]', '["s", [["l", []]]]',
    "[" * 100_000, '["l", [' * 5_000 + "]]" * 5_000, "9" * 5_000, '{"a": 1}', '["b", "0"]', '["c", ["x", 1]]',
)  # fmt: skip


@pytest.mark.parametrize("line", NONSENSE, ids=range(len(NONSENSE)))
def test_a_line_that_means_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        load(line)


def test_a_set_whose_elements_may_all_collide_is_not_made() -> None:
    colliding = [n * (2**61 - 1) for n in range(1, MOST_HASHED + 2)]
    line = json.dumps(["s", [["i", f"{number:x}"] for number in colliding]])
    with pytest.raises(ValueError, match="more than"):
        load(line)


@pytest.mark.parametrize(
    ("value", "right"),
    [(True, 1), (1, 1.0), (0, False), ((1,), [1]), ("1", 1), (b"a", "a"), ([1, [True]], [1, [1]]), ({1: 1}, {True: 1}),
     ({1}, {1.0}), ({1}, frozenset({1})), ({"a": 1}, {"a": 1, "b": 2}), ([1], [1, 1]), (1.0, 1.0000001), (None, False),
     (math.nan, 0.0), (1 + 0j, 1.0), ({(1, True)}, {(1, 1)})],
)  # fmt: skip
def test_what_only_looks_equal_is_not_the_same(value: object, right: object) -> None:
    assert not Equality().same(value, right)
    assert not Equality().same(right, value)


def test_what_may_be_allowed() -> None:
    assert Equality(numbers=True).same([1, 2.0], [1.0, 2])
    assert not Equality(numbers=True).same(True, 1)
    assert not Equality(numbers=True, tolerance=0.5).same(10**400, 1.0)
    assert Equality(sequences=True).same([(1, 2)], [[1, 2]])
    assert Equality(tolerance=1e-6).same({"a": 1.0}, {"a": 1.0000001})
    assert not Equality(tolerance=1e-6).same(1.0, 1.00001)
    assert Equality().same([math.nan, math.inf], [math.nan, math.inf])


@pytest.mark.parametrize("letter", ["s", "f", "d"])
def test_elements_that_share_a_hash_are_refused_before_they_cost_anything(letter: str) -> None:
    alike = [["t", [number * (2**61 - 1), 0]] for number in range(MOST_ALIKE + 1)]
    content = [[one, 0] for one in alike] if letter == "d" else alike
    with pytest.raises(ValueError, match="elements of a set or dictionary have one hash"):
        load(json.dumps([letter, content]))
    assert load(json.dumps([letter, content[:-1]]))
