"""Settings of all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# Tests are no package; what they share is found here, by child processes too.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))

# The machine's pace decides nothing here, and CI sees the same examples at every run.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
