"""Every error Burnish raises on purpose.

::

    BurnishError                    base; `exit_code` is what the command line exits with
    ├── ConfigError                 a key, value or combination in the configuration is wrong
    ├── PluginError                 an environment cannot be loaded or breaks its promises
    │   ├── Broken                  (burnish.environments.kit) a promise does not hold
    │   ├── Unfinished              (burnish.environments.kit) a promise could not be looked at to its end
    │   ├── GameFailed              (burnish.environments.adapters) the process of a game ended or failed
    │   ├── NoSandbox               (burnish.environments.sandbox) none holds on this machine
    │   └── SandboxFailure          (burnish.environments.sandbox) it failed itself, not the code in it
    ├── ModelError                  a model cannot be used
    │   ├── ModelUnavailable        unreachable, or still failing after every retry
    │   ├── ModelRefused            401 or 403: the key is missing, wrong or not allowed
    │   └── ModelRejected           the server calls the request itself wrong (other 4xx)
    ├── StorageError                the run directory cannot be used as asked
    │   ├── RunExists               a new run was asked for where one already is
    │   ├── ExportExists            an export was asked for where something already is
    │   ├── RunLocked               another living process holds the run
    │   ├── IndexDamaged            (burnish.memory.index) the vector index is unreadable; it is made anew
    │   ├── RunTooNew               written by a newer version of Burnish
    │   └── RunTooOld               written by an older version whose runs this one cannot read
    ├── BudgetError                 the budget cannot buy what was asked
    │   ├── BudgetTooSmall          not even one iteration and the sealed test
    │   └── BudgetExhausted         the next call could exceed a limit (ends the loop, not the run)
    ├── VerificationError           a journal does not re-derive to what it claims
    └── Interrupted                 Ctrl-C or SIGTERM: everything is kept, `resume` continues
        └── Waiting                 people have not answered in time; `review`, then `resume`

A wrong *answer* of a model is never an error: it is an attempt with a low reward.
Every message says what happened, to which item, and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from burnish.types import Usage

__all__ = [
    "BudgetError",
    "BudgetExhausted",
    "BudgetTooSmall",
    "BurnishError",
    "ConfigError",
    "ExportExists",
    "Interrupted",
    "ModelError",
    "ModelRefused",
    "ModelRejected",
    "ModelUnavailable",
    "PluginError",
    "RunExists",
    "RunLocked",
    "RunTooNew",
    "RunTooOld",
    "StorageError",
    "VerificationError",
    "Waiting",
]


GO_ON = "`burnish resume`"
"""How messages name the way on; who knows the run's directory says it better by `with_way_on`."""


class BurnishError(Exception):
    """Base of all errors Burnish raises on purpose."""

    exit_code = 1
    way_on = GO_ON

    def __str__(self) -> str:
        return super().__str__().replace(GO_ON, self.way_on)

    def with_way_on(self, words: str) -> Self:
        """The same error, its message naming the way on in these words."""
        self.way_on = words
        return self


class ConfigError(BurnishError):
    """A key, value or combination in the configuration is wrong."""

    exit_code = 2


class PluginError(BurnishError):
    """An environment cannot be loaded or breaks its promises."""

    exit_code = 4


class ModelError(BurnishError):
    """A model cannot be used."""

    exit_code = 5


class ModelUnavailable(ModelError):
    """The server is unreachable, or still failing after every retry."""


class ModelRefused(ModelError):
    """The server answered 401 or 403. Never retried."""


class ModelRejected(ModelError):
    """The server answered a request with something that is no answer.

    What is `passing` may be another time, such as the 404 of a model that is being loaded or the 402 of an account that
    is empty. Otherwise the server calls the request itself wrong: it is too long, say.
    """

    def __init__(self, said: str, *, passing: bool = False, usage: Usage | None = None) -> None:
        super().__init__(said)
        self.passing = passing
        self.usage = usage
        """What the model used to answer so; None where it did not."""


class StorageError(BurnishError):
    """The run directory cannot be used as asked."""

    exit_code = 6


class RunExists(StorageError):
    """A new run was asked for where one already is."""


class ExportExists(StorageError):
    """An export was asked for where something already is."""


class RunLocked(StorageError):
    """Another living process holds the run directory."""


class RunTooNew(StorageError):
    """The run was written by a newer version of Burnish."""


class RunTooOld(StorageError):
    """The run was written by an older version of Burnish, whose runs this one cannot read."""


class BudgetError(BurnishError):
    """The budget cannot buy what was asked."""

    exit_code = 7


class BudgetTooSmall(BudgetError):
    """The budget does not cover one iteration and the sealed test."""


class BudgetExhausted(BudgetError):
    """The next call could exceed a limit: `calls`, `tokens`, `usd` or `seconds`."""

    def __init__(self, message: str, *, limit: str = "calls") -> None:
        super().__init__(message)
        self.limit = limit


class VerificationError(BurnishError):
    """A journal does not re-derive to what it claims."""

    exit_code = 8


class Interrupted(BurnishError):
    """Ctrl-C or SIGTERM. Everything is kept; `burnish resume` continues."""

    exit_code = 3


class Waiting(Interrupted):
    """People have not answered what the run asks them. Everything is kept; `burnish review`, then `burnish resume`."""
