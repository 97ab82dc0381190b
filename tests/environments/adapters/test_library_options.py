from __future__ import annotations

from datetime import time
from inspect import Parameter
from typing import Literal, Optional

import pytest

from burnish.environments.adapters.library_options import check_names, fitted, refused
from burnish.environments.foreign import Raised
from burnish.errors import ConfigError
from burnish.types import JsonValue


class Strange:
    """A class of which pydantic knows nothing."""


@pytest.mark.parametrize(
    ("annotation", "default", "value", "expected"),
    [
        (int, 1, 2, 2),
        (float, 1.0, 2, 2.0),
        (tuple[int, int], (1, 2), [3, 4], (3, 4)),
        (list[str], [], ["a"], ["a"]),
        (time, time(1), "02:00:00", time(2)),
        (Optional[int], None, 3, 3),  # noqa: UP045 - as libraries write it
        (Optional[int], None, None, None),  # noqa: UP045
        (Literal["a", "b"], "a", "b", "b"),
        (str, "x", 2, "2"),
        (int, 0.5, 0.7, 0.7),
        (int, None, "x", "x"),
        (Strange, Strange(), "x", "x"),
        (object, Parameter.empty, "x", "x"),
    ],
)
def test_a_value_that_fits_is_of_the_annotated_type(
    annotation: object, default: object, value: JsonValue, expected: object
) -> None:
    found = fitted("rg:a", "the library", "b", value, annotation=annotation, default=default)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("annotation", "default", "value", "message"),
    [
        (int, 1, "2", 'b of "2"; it should be a valid integer'),
        (int, Parameter.empty, "2", 'b of "2"; it should be a valid integer'),
        (int, 1, True, "b of true; it should be a valid integer"),
        (bool, False, 1, "b of 1; it should be a valid boolean"),
        (float, 1.0, float("inf"), "b of inf; give a finite number"),
        (tuple[int, int], (1, 2), [3, "x"], 'b of [3, "x"]; it should be a valid integer'),
        (Literal["a", "b"], "a", "c", "b of \"c\"; it should be 'a' or 'b'"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_would(
    annotation: object, default: object, value: JsonValue, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        fitted("rg:a", "the library", "b", value, annotation=annotation, default=default)
    assert str(caught.value) == f'"rg:a": the library takes no {message}'


def test_the_option_that_is_refused_alone_is_named_or_else_all_of_them() -> None:
    options: dict[str, JsonValue] = {"a": 1, "b": [2]}

    def only_b(option: str) -> None:
        if option == "b":
            raise ValueError

    raised = Raised(ValueError("no"))
    assert str(refused("rg:a", "the library", options, raised, only_b)) == (
        '"rg:a": the library refused b=[2] (ValueError: no); give another value'
    )
    assert "refused a=1 and b=[2] (" in str(refused("rg:a", "the library", options, raised, lambda _: None))


def test_an_unknown_name_is_compared_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r'"rg:a" has no option "leve"; did you mean "level"\? known are level, size'):
        check_names("rg:a", {"size": 1, "leve": 2}, ["size", "level"])
