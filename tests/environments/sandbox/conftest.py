from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from strength import thorough_but

from burnish.environments.sandbox.attacks import Targets, targets
from burnish.environments.sandbox.bubblewrap import Bubblewrap
from burnish.environments.sandbox.jail import Jail
from burnish.environments.sandbox.processes import ProcessSandbox, Starts
from burnish.environments.sandbox.wasi import Wasi

BACKENDS: dict[str, Starts] = {"jail": Jail(), "WASI": Wasi()}
if shutil.which("bwrap"):
    BACKENDS["bwrap and jail"] = Bubblewrap()


@pytest.fixture(params=thorough_but(["jail"], BACKENDS))
def sandbox(request: pytest.FixtureRequest) -> ProcessSandbox:
    """Every sandbox there is on this machine; in `make test` the others than the jail are attacked only."""
    return ProcessSandbox(request.param, BACKENDS[request.param])


@pytest.fixture(params=BACKENDS)
def any_sandbox(request: pytest.FixtureRequest) -> ProcessSandbox:
    """Every sandbox, in `make test` too."""
    return ProcessSandbox(request.param, BACKENDS[request.param])


@pytest.fixture
def jail() -> ProcessSandbox:
    return ProcessSandbox("jail", Jail())


@pytest.fixture
def aims() -> Iterator[Targets]:
    with targets() as made:
        yield made
