"""Runs on tasks of several turns, over real HTTP and a real journal, with a scripted model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from laboratory import Body, Laboratory, chance, is_rating, is_reflection, laboratory, query, shown_exemplars
from stairs import right_action

from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError, PluginError

STAIRS = f"{Path(__file__).parents[2] / 'helpers' / 'stairs.py'}:Stairs"
SMALL: Mapping[str, Any] = {
    "environment": STAIRS,
    "sampling": {"tasks": 8, "samples": 2},
    "sealed": {"tasks": 24},
    "budget": {"iterations": 2},
    "policies": {"acceptance": {"cap": 16}, "admission": {"novelty": 1.0}},
}


def rider(body: Body) -> str:
    """Acts by chance, and the oftener rightly the more right exemplars it is shown."""
    if is_rating(body):
        return "3"
    if is_reflection(body):
        return "no idea"
    observation = body["messages"][-1]["content"].rpartition("\n\n")[2]
    right = sum(action == right_action(seen) for seen, action in shown_exemplars(body))
    drawn = chance(observation, body.get("seed"))
    return right_action(observation) if drawn < 0.3 + 0.18 * right else "look"


@pytest.fixture(scope="module")
def riding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with a finished run in the folder `whole`."""
    with laboratory(tmp_path_factory.mktemp("riding"), rider, latency=0.005) as made:
        made.run("whole", **SMALL)
        yield made


def test_episodes_are_learned_from_and_the_run_verifies(riding: Laboratory) -> None:
    run = open_run(riding.folder / "whole")
    report = run.report()
    assert report.verdict == "improved"
    assert verify(run).problems == ()


def test_every_exemplar_is_a_turn_of_a_verified_episode(riding: Laboratory) -> None:
    run = open_run(riding.folder / "whole")
    with run.journal() as journal:
        episodes = {a.id: (a, f) for node in ("attempt", "compare", "rewrite") for _, a, f in journal.judged(node)}
    exemplars = run.memory()
    assert len(exemplars) > 10
    for exemplar in exemplars:
        attempt, feedback = episodes[exemplar.attempt_id]
        assert feedback.verified
        assert exemplar.turn is not None
        turn = attempt.turns[exemplar.turn]
        assert (turn.observation, turn.action) == (exemplar.prompt, exemplar.answer)
        assert turn.label == 1


def test_every_turn_is_sampled_with_a_seed_of_its_own(riding: Laboratory) -> None:
    """What changed nothing may be shown the same again; the same seed would answer it the same for ever."""
    sampled = [body for body in riding.model.bodies if body["temperature"] > 0 and not is_rating(body)]
    assert len(sampled) > 20
    assert max(Counter(body["seed"] for body in sampled).values()) == 1


def test_a_turn_that_was_labelled_wrong_is_not_learned_though_the_episode_ended_well(riding: Laboratory) -> None:
    run = open_run(riding.folder / "whole")
    with run.journal() as journal:
        verified = [a for _, a, f in journal.judged("attempt") if f.verified]
    wrong = {(t.observation, t.action) for a in verified for t in a.turns if t.label < 0}
    assert wrong, "the script never took a detour; the test would show nothing"
    assert not wrong & {(e.prompt, e.answer) for e in run.memory()}


@pytest.mark.thorough
def test_what_is_shown_is_never_of_the_same_task_and_retrieval_sees_the_observation(riding: Laboratory) -> None:
    riding.run("looked at", **SMALL)
    turns = [b for b in riding.model.bodies if not is_rating(b) and not is_reflection(b)]
    shown = [(b["messages"][-1]["content"], shown_exemplars(b)) for b in turns if shown_exemplars(b)]
    assert shown
    for observation, exemplars in shown:
        house = observation.partition(":")[0]
        floors = observation.partition("goal is")[2]
        assert not any(seen.startswith(f"{house}:") and seen.endswith(floors) for seen, _ in exemplars)
    floors_seen = {tuple(seen for seen, _ in exemplars) for _, exemplars in shown}
    assert len(floors_seen) > len({body["messages"][0]["content"] for body in turns})


def test_transcripts_are_journalled_turn_by_turn(riding: Laboratory) -> None:
    directory = riding.folder / "whole"
    with open_run(directory).journal() as journal:
        played = sum(
            len(a.turns) for node in ("attempt", "compare", "rewrite", "gate") for _, a, _ in journal.judged(node)
        )
    sealed = "SELECT COUNT(*) FROM turns WHERE node NOT LIKE 'sealed%'"
    assert query(directory, sealed)[0][0] == played > 50


@pytest.mark.parametrize("share", [0.15, 0.4, 0.75])
@pytest.mark.thorough
def test_killed_within_an_episode_it_comes_to_the_same_end(riding: Laboratory, share: float) -> None:
    whole = open_run(riding.folder / "whole")
    total = whole.report().total.calls
    name = f"killed at {share}"
    assert riding.killed(name, int(share * total), **SMALL) == -SIGKILL
    directory = riding.folder / name
    done = query(directory, "SELECT COUNT(*) FROM calls WHERE state = 'done'")[0][0]
    report = riding.resume(name)
    assert report.same_outcome(whole.report())
    assert open_run(directory).memory() == whole.memory()
    assert riding.model.counts().total() == total - done
    turns = "SELECT iteration, node, item, slot, number, body FROM turns ORDER BY 1, 2, 3, 4, 5"
    assert query(directory, turns) == query(riding.folder / "whole", turns)


def test_an_environment_that_does_not_play_again_as_it_was_is_refused(riding: Laboratory) -> None:
    # the observations differ from process to process, so a resumed episode meets others
    with pytest.raises(PluginError, match=r"does not play an episode of task .* again as it was: turn 0"):
        _interrupted_and_resumed(riding)


def _interrupted_and_resumed(lab: Laboratory) -> None:
    settings = {**SMALL, "environment_options": {"drift": True}}
    assert lab.killed("drifting", 20, **settings) == -SIGKILL
    lab.resume("drifting")


@pytest.mark.thorough
def test_earlier_turns_are_shown_as_many_as_the_program_says(lab: Laboratory) -> None:
    lab.model.answer = rider
    lab.run("history", **{**SMALL, "decoding": {"history": 2}, "retrieval": {"k": 0}, "budget": {"iterations": 1}})
    bodies = [b for b in lab.model.bodies if not is_rating(b) and not is_reflection(b)]
    lengths = {len([m for m in b["messages"] if m["role"] == "assistant"]) for b in bodies}
    assert lengths == {0, 1, 2}


@pytest.mark.thorough
def test_what_the_exemplars_of_people_bring_alone_is_an_arm_of_the_sealed_test(riding: Laboratory) -> None:
    report = riding.run("helped", **{**SMALL, "environment_options": {"seed": "right"}, "budget": {"iterations": 1}})
    run = open_run(riding.folder / "helped")
    assert report.sealed is not None
    assert [name for name, _ in report.sealed.in_order] == [
        "seed", "champion", "few-shot seed", "drawn exemplars", "shuffled memory",
    ]  # fmt: skip
    seeds = {e.id for e in run.memory(0)}
    with run.journal() as journal:
        few = {a.task_id: f.verified for _, a, f in journal.judged("sealed few-shot seed")}
        champion = {a.task_id: f.verified for _, a, f in journal.judged("sealed champion")}
        shown = {id_ for _, a, _ in journal.judged("sealed few-shot seed") for id_ in a.exemplar_ids}
    assert shown == seeds != set()
    gain = sum(champion[id_] - passed for id_, passed in few.items()) / len(few)
    assert report.sealed.controls["few-shot seed"].difference == pytest.approx(gain)
    assert verify(run).problems == ()
    unhelped = open_run(riding.folder / "whole").report().sealed
    assert unhelped is not None
    assert set(unhelped.arms) == {"seed", "champion", "drawn exemplars", "shuffled memory"}


def test_what_works_on_single_answers_alone_is_refused_before_anything_is_asked(lab: Laboratory) -> None:
    settings = {**SMALL, "sampling": {"hints": 2}, "decoding": {"best_of": 3, "temperature": 1.0}}
    with pytest.raises(ConfigError, match=r"in episodes, and decoding\.best_of and sampling\.hints work on single"):
        lab.run("run", **settings)
    with pytest.raises(ConfigError, match=r"in episodes, and level = 1 work on single"):
        lab.run("run", **SMALL, level=1)
    assert lab.model.bodies == []
    assert not (lab.folder / "run").exists()


def test_seeds_are_in_memory_from_the_start_and_the_seed_program_does_not_see_them(lab: Laboratory) -> None:
    lab.run("seeded", environment="arithmetic", budget={"iterations": 1})
    run = open_run(lab.folder / "seeded")
    assert [e.origin for e in run.memory(0)] == ["seed"] * 4
    with run.journal() as journal:
        assert {a.exemplar_ids for _, a, _ in journal.judged("sealed seed")} == {()}
        assert any(a.exemplar_ids for _, a, _ in journal.judged("attempt"))
    assert verify(run).problems == ()
    lab.run("unseeded", environment="arithmetic", memory={"seeds": 0}, budget={"iterations": 1})
    assert open_run(lab.folder / "unseeded").memory(0) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [("test", "answers a task of the test split"), ("wrong", "is not verified .stop at the goal")],
)
def test_a_seed_that_may_not_be_learned_is_refused(lab: Laboratory, bad: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        lab.run("bad", **{**SMALL, "environment_options": {"seed": bad}})


@pytest.mark.thorough
def test_an_altered_exemplar_of_an_episode_is_found(riding: Laboratory) -> None:
    riding.run("altered", **SMALL)
    directory = riding.folder / "altered"
    (row,) = query(directory, "SELECT id, body FROM exemplars ORDER BY id LIMIT 1")
    body = {**json.loads(row[1]), "answer": "sideways"}
    query(directory, "UPDATE exemplars SET body = ? WHERE id = ?", json.dumps(body), row[0])
    assert any("is no turn of an episode" in p for p in verify(open_run(directory)).problems)
