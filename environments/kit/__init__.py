"""The conformance kit: what environments promise, and whether one keeps it.

`check` looks at all promises; `promises` and `assert_promise` make one test of each.
"""

from __future__ import annotations

from burnish.environments.kit.conformance import check
from burnish.environments.kit.findings import Conformance, Example, Finding, Limits
from burnish.environments.kit.testing import assert_promise, promises

__all__ = ["Conformance", "Example", "Finding", "Limits", "assert_promise", "check", "promises"]
