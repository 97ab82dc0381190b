"""Settings of all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# Tests are no package; what they share is found here, by child processes too.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))

from strength import FULL

# The machine's pace decides nothing here, and CI sees the same examples at every run.
steady = settings(deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", steady)
settings.register_profile("quick", steady, max_examples=20)
settings.load_profile("thorough" if FULL else "quick")
