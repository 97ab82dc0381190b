"""A journal says why: what was applied, what it was most like, who survived, who asked for it, and with what words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from laboratory import CommandLine, laboratory, query

from burnish.agent.models.client import digest_of
from burnish.agent.record.diff import compare
from burnish.agent.record.run import Run, open_run
from burnish.records import ADMITTED
from burnish.types import ALIVE, Exemplar

SIZE = 6


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run whose memory is soon full."""
    with laboratory(tmp_path_factory.mktemp("crowded")) as lab:
        lab.run("run", seed=3, budget={"iterations": 4}, policies={"eviction": {"size": SIZE}})
        yield open_run(lab.folder / "run")


def test_every_applicant_has_its_outcome(crowded: Run) -> None:
    with crowded.journal() as journal:
        exemplars = {e.id: e for e in journal.exemplars()}
        admitted = [(n, one) for n, one in journal.applicants() if one.outcome == ADMITTED]
        for record in journal.iterations()[1:]:
            offered = [one for _, one in journal.applicants(record.number)]
            assert sum(one.outcome == ADMITTED for one in offered) == record.admitted
            assert len(offered) - record.admitted == sum(record.refused.values())
    assert {one.exemplar_id for _, one in admitted} == exemplars.keys()
    for iteration, one in admitted:
        exemplar = exemplars[one.exemplar_id]
        assert (exemplar.born, exemplar.attempt_id) == (iteration, one.attempt_id)
        assert one.merit == pytest.approx(exemplar.reward, abs=0.01)
        if one.neighbour_id:
            assert exemplars[one.neighbour_id].born <= iteration
            assert -1 <= (one.likeness or 0) <= 1
    assert any(one.neighbour_id for _, one in admitted)


def test_every_death_says_what_stayed_in_its_place(crowded: Run) -> None:
    with crowded.journal() as journal:
        exemplars, deaths = {e.id: e for e in journal.exemplars()}, journal.deaths()
    dead = {e.id: e for e in exemplars.values() if e.died != ALIVE}
    assert dead.keys() == deaths.keys() != set()
    for id_, death in deaths.items():
        twin = exemplars[death.other_id]
        assert twin.alive(dead[id_].died), "it stayed"
        assert death.likeness is not None
        assert death.reason == dead[id_].death


def test_every_exemplar_names_the_call_that_brought_it(crowded: Run) -> None:
    with crowded.journal() as journal:
        for exemplar in journal.exemplars():
            iteration, node = exemplar.call.split("/")[:2]
            assert int(iteration) in {exemplar.born, exemplar.born - 1}
            assert node in {"attempt", "compare", "rewrite", "retry"}
            assert journal.completions(int(iteration))[exemplar.call].text.strip() == exemplar.answer.strip()


def test_the_words_of_every_call_are_kept_those_of_the_shuffled_arm_included(crowded: Run) -> None:
    with crowded.journal() as journal:
        keys = [str(key) for (key,) in journal.rows("SELECT key FROM calls WHERE state = 'done'")]
        said = {key: journal.request(key.rpartition("/")[2]) for key in keys}
        shuffled = [a for _, a, _ in journal.judged("sealed shuffled memory")]
        exemplars = {e.id: e for e in journal.exemplars()}
    assert all(text and digest_of(text, crowded.config.fingerprint) == key.rpartition("/")[2]
               for key, text in said.items())  # fmt: skip
    assert shuffled
    for attempt in shuffled:
        messages = json.loads(str(said[attempt.call]))["messages"]
        shown = [(a["content"], b["content"]) for a, b in pairwise(messages) if b["role"] == "assistant"]
        own = {(exemplars[id_].prompt, exemplars[id_].answer) for id_ in attempt.exemplar_ids}
        assert {prompt for prompt, _ in shown} == {prompt for prompt, _ in own}
        assert not own & set(shown), "every answer is another's"


def test_a_difference_counts_all_that_came_and_went_and_reads_the_same_backwards(crowded: Run) -> None:
    last = crowded.iterations()[-1].number
    there, back = compare(crowded, 0, last), compare(crowded, last, 0)
    with crowded.journal() as journal:
        everyone = journal.exemplars()
    assert ids(there.born) == {e.id for e in everyone}
    assert ids(there.died) == {e.id for e in everyone if e.died != ALIVE} != set()
    assert there.remembered == (0, SIZE)
    assert (ids(back.born), ids(back.died)) == (ids(there.died), ids(there.born))
    assert (back.remembered, back.accepted) == (there.remembered[::-1], there.accepted)
    assert [(name, new, old) for name, old, new in back.sections] == list(there.sections)


def ids(exemplars: tuple[Exemplar, ...]) -> set[str]:
    return {exemplar.id for exemplar in exemplars}


def test_memory_tells_what_is_remembered_from_what_is_shown(crowded: Run, burnish: CommandLine, tmp_path: Path) -> None:
    copy = shutil.copytree(crowded.place.path, tmp_path / "copy")
    rows = json.loads(burnish("memory", copy, "--json").out)
    assert [row["id"] for row in rows] == [e.id for e in crowded.memory()]
    assert {row["died"] for row in rows} == {None}
    assert {row["id"] for row in rows if row["shown"]} == ids(tuple(crowded.shown()))
    # a champion that shows nothing
    query(copy, "UPDATE programs SET body = json_set(body, '$.retrieval.k', 0)")
    none = burnish("memory", copy)
    assert f"{SIZE} exemplars remembered, of which the champion may show 0" in none.out
    assert f"0 of {SIZE} exemplars" in burnish("memory", copy, "--shown").out
    assert f"{SIZE} exemplars remembered, of which the champion may show 0" in burnish("status", copy).out
