import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.built_in.objects import LONGEST, FoundObject, find_object

FLAT = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=5)


@given(FLAT)
def test_an_object_alone_is_found_as_it_is(values: dict[str, object]) -> None:
    assert find_object(json.dumps(values)) == FoundObject(dict(values), alone=True)


@given(FLAT, st.text(alphabet="abc :\n", min_size=1).filter(str.strip))
def test_an_object_within_text_is_found_and_not_alone(values: dict[str, object], around: str) -> None:
    assert find_object(around + json.dumps(values) + around) == FoundObject(dict(values))


@given(st.text())
def test_no_text_raises(text: str) -> None:
    find_object(text)


def test_repeated_keys_are_reported() -> None:
    assert find_object('{"a": 1, "a": 2}') == FoundObject({"a": 2}, alone=True, repeated=True)


def test_nested_objects_are_no_dictionaries() -> None:
    assert find_object('{"a": {"b": 1}}') == FoundObject({"a": (("b", 1),)}, alone=True)


@pytest.mark.parametrize("text", ["", "[1]", '{"a": NaN}', '{"a": "\n"}', '{"a": "' + "x" * LONGEST + '"}'])
def test_what_is_not_json_is_not_found(text: str) -> None:
    assert find_object(text) is None
