"""Running a script in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def printed(script: str, *arguments: str, hash_seed: str = "0") -> str:
    """What a script prints; it must end well."""
    command = [sys.executable, "-c", script, *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout


def printed_whatever_the_hash_seed(script: str, *arguments: str) -> str:
    """What a script prints in two processes of different hash seeds alike; something, at that."""
    first, second = (printed(script, *arguments, hash_seed=seed) for seed in ("0", "4711"))
    assert first == second
    assert first.strip()
    return first
