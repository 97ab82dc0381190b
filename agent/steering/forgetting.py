"""Forgetting exemplars, and pinning them."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.record.by_hand import forgotten, pinned, reasons_against
from burnish.agent.record.run import Run
from burnish.agent.steering.exemplars import meant
from burnish.agent.steering.ordering import Steered, order
from burnish.agent.steering.person import in_words, now, user
from burnish.by_hand import ByHand
from burnish.errors import ConfigError
from burnish.types import ALIVE


def forget(run: Run, ids: Sequence[str], *, because: str, who: str | None = None) -> Steered:
    """Have exemplars leave memory for good: neither a rollback nor the same answer brings them back, and no program is
    shown them again, whichever memory it has. `ids` may be their beginnings.

    Raises:
        ConfigError: an id names no exemplar, or one that is forgotten already; no reason is given.
        StorageError: the run cannot be written.

    """
    why, notes = in_words(because, "because"), []
    with run.journal() as journal:
        exemplars = meant(journal, ids)
        known = reasons_against(exemplars, forgotten(journal, journal.iterations()))
        for one in exemplars:
            if one.id in known:
                raise ConfigError(f"exemplar {one.id} is no longer remembered: {known[one.id]}")
            if one.died != ALIVE:
                notes.append(f"{one.id} had died at iteration {one.died} ({one.death}); it does not come back.")
    change = ByHand("forget", _who(who), now(), why, ids=tuple(one.id for one in exemplars))
    return order(run, change, notes=notes)


def pin(run: Run, ids: Sequence[str], *, off: bool = False, because: str = "", who: str | None = None) -> Steered:
    """Have exemplars stay in memory, whatever policies decide, until a person forgets them; `off` ends that.

    Raises:
        ConfigError: an id names no exemplar that is remembered, or one that is pinned already (or, to end that, is
            not).
        StorageError: the run cannot be written.

    """
    with run.journal() as journal:
        exemplars = meant(journal, ids)
        pins = pinned(journal.iterations())
    for one in exemplars:
        if one.died != ALIVE:
            raise ConfigError(f"exemplar {one.id} died at iteration {one.died} ({one.death}); pin one that is alive")
        if (one.id in pins) is not off:
            raise ConfigError(f"exemplar {one.id} is {'not pinned' if off else 'pinned already'}; leave it out")
    why = in_words(because, "because") if because else ""
    change = ByHand("unpin" if off else "pin", _who(who), now(), why, ids=tuple(one.id for one in exemplars))
    return order(run, change)


def _who(who: str | None) -> str:
    return user() if who is None else in_words(who, "who")
