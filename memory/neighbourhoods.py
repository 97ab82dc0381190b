"""The exemplars around some of memory's own, kept while memory changes.

Searching all of memory costs tens of milliseconds at 100,000 exemplars; from one iteration to the next only a few are
born. So what is known of an earlier state is kept, and only newcomers are compared: exactly what a search would find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from burnish.memory.index import Neighbour, ranked, similarities
from burnish.memory.store import Memory

State: TypeAlias = tuple[int, int]
Around: TypeAlias = dict[tuple[str, int], list[Neighbour]]

_SLACK = 1e-6  # similarities are rounded to 6 digits before they are ranked
KEPT = 8
"""States of memory that are remembered: an iteration asks for the champion's and for the newest."""


class Neighbourhoods:
    """What is nearest to exemplars, by id; equal to `Memory.nearest` of their vectors where the index is exact."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[State, Around] = {}

    def around(self, ids: Sequence[str], depth: int, *, revision: int) -> list[list[str]]:
        """For each exemplar the ids of the `depth` nearest of a revision, itself included, nearest first."""
        state = self._memory.state(revision)
        known = self._known.pop(state, {})
        asked = [(id_, depth) for id_ in ids]
        for earlier, around in self._earlier(state):
            wanted = [key for key in asked if key not in known and key in around]
            known |= self._grown({key: around[key] for key in wanted}, earlier[0], revision)
        unknown = [key for key in dict.fromkeys(asked) if key not in known]
        vectors = self._memory.vectors([id_ for id_, _ in unknown])
        known |= zip(unknown, self._memory.nearest(vectors, depth, revision=revision), strict=True)
        self._known[state] = known
        for old in list(self._known)[:-KEPT]:
            del self._known[old]
        return [[neighbour.id for neighbour in known[key]] for key in asked]

    def _earlier(self, state: State) -> Iterator[tuple[State, Around]]:
        """The states known, latest first, that memory still has: a revision may have been staged anew since."""
        for earlier in sorted(self._known, reverse=True):
            if earlier[0] < state[0] and self._memory.state(earlier[0]) == earlier:
                yield earlier, self._known[earlier]

    def _grown(self, around: Around, since: int, revision: int) -> Around:
        """Neighbourhoods of revision `since` as of `revision`, without those that lost a member."""
        if not around:
            return {}
        born, gone = self._memory.changes(since, revision)
        kept = {key: near for key, near in around.items() if not any(n.id in gone for n in near)}
        newcomers = self._memory.vectors(born)
        centres = self._memory.vectors([id_ for id_, _ in kept])
        grown = {}
        for ((id_, depth), near), centre in zip(kept.items(), centres, strict=True):
            least = near[-1].similarity - _SLACK if len(near) == depth else -2.0
            likeness = zip(born, similarities(newcomers, centre), strict=True)
            closer = [(newcomer, value) for newcomer, value in likeness if value >= least]
            grown[id_, depth] = ranked([*((n.id, n.similarity) for n in near), *closer], depth) if closer else near
        return grown
