"""How far a number may be from the expected one."""

from __future__ import annotations

import math

from burnish.errors import ConfigError


def check_tolerance(tolerance: object) -> None:
    """Raise a `ConfigError` unless this is a number that is not negative."""
    number = isinstance(tolerance, (int, float)) and not isinstance(tolerance, bool) and math.isfinite(tolerance)
    if not number or float(str(tolerance)) < 0:
        raise ConfigError(f"tolerance is {tolerance!r}; give a number that is not negative")
