"""The secret that decides the sealed tasks: drawn as a run begins, committed to by hash, and shown once it is used."""

from __future__ import annotations

import hashlib
import os
import secrets

import numpy as np

from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.errors import StorageError
from burnish.files import Unreadable, read_text
from burnish.memory.journal_reader import JournalReader

OPENED = "sealed_seed"
"""Under which name the journal has the secret, once the sealed test is opened."""
SECRET = 64
"""Its length, in hexadecimal digits."""


def draw_secret(place: RunDirectory, config: RunConfig) -> str:
    """Draw the secret of a new run from the system's randomness, and keep it in a file that no learning code is given;
    where the configuration gives a seed, that is it.
    """
    given = config.sealed.seed
    secret = secrets.token_hex(SECRET // 2) if given is None else f"given: {given}"
    with os.fdopen(os.open(place.sealed_seed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    return secret


def secret_of(place: RunDirectory, config: RunConfig, journal: JournalReader) -> str:
    """The secret of a run, whether its sealed test is opened yet or not.

    Raises:
        StorageError: the file with it is gone, or is not the one that was committed to.

    """
    opened, committed = journal.meta(OPENED), journal.meta("sealed_seed_sha256")
    if isinstance(opened, str):
        return opened
    if commitment(of_older_runs(config)) == committed:
        return of_older_runs(config)
    try:
        secret = read_text(place.sealed_seed)
    except Unreadable as error:
        raise StorageError(
            f"{error}; it decides the tasks of the sealed test: put it back from a copy of the run, or start a new run"
        ) from None
    if commitment(secret) != committed:
        raise StorageError(
            f"{place.sealed_seed} is not what the run committed to before it began; put it back from a copy of the "
            "run, or start a new run"
        )
    return secret


def sealed_seed(secret: str) -> int:
    """The seed of the sealed tasks."""
    if secret.isdecimal() and len(secret) < SECRET:  # of an older run
        return int(secret)
    return int.from_bytes(hashlib.sha256(f"sealed tasks {secret}".encode()).digest()[:4]) % (2**31 - 1)


def of_older_runs(config: RunConfig) -> str:
    """What decided the sealed tasks when that still followed from the seed of the run."""
    return str(int(np.random.default_rng([config.seed, 0x5EA1ED]).integers(2**31 - 1)))


def commitment(secret: str) -> str:
    """What a run says of its secret before the first iteration: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()
