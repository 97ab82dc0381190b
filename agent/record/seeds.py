"""The seed of the sealed test, and what a run commits to before it begins."""

from __future__ import annotations

import hashlib

import numpy as np

from burnish.config import RunConfig


def sealed_seed(config: RunConfig) -> int:
    """The seed of the sealed tasks. Its SHA-256 is in the journal before the first iteration."""
    return int(np.random.default_rng([config.seed, 0x5EA1ED]).integers(2**31 - 1))


def commitment(config: RunConfig) -> str:
    """The SHA-256 of the sealed seed."""
    return hashlib.sha256(str(sealed_seed(config)).encode()).hexdigest()
