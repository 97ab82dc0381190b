"""One test for each promise, with any test runner."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from burnish.environments.kit.conformance import check
from burnish.environments.kit.findings import Conformance, Finding
from burnish.environments.kit.table import PROMISES
from burnish.protocols import Environment
from burnish.types import JsonValue, canonical_json


def promises(*, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of all promises but some, to make a test of each."""
    left_out = set(without)
    return tuple(name for name in PROMISES if name not in left_out)


def assert_promise(promise: str, environment: str | Environment, **options: JsonValue) -> Finding:
    """Fail when the environment breaks the promise, with the smallest example.

    A name or file is checked once in a process, all promises together. A promise that does not apply, or that cannot
    be tried, does not fail.

    Raises:
        AssertionError: the promise is broken.

    """
    if isinstance(environment, str):
        finding = _conformance(environment, canonical_json(options)).finding(promise)
    else:
        (finding,) = check(environment, only=[promise]).findings
    if finding.outcome == "broken":
        raise AssertionError(finding.text)
    return finding


@cache
def _conformance(spec: str, options: str) -> Conformance:
    return check(spec, json.loads(options))
