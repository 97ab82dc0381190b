"""What the endpoint answers is what the programs of the run answered when they were tested."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from endpoints import Served, serving
from laboratory import Body, CommandLine, Laboratory, chance, laboratory, query, shown_exemplars
from stairs import right_action

from burnish.agent.record.run import open_run
from burnish.agent.serving.checking import check
from burnish.agent.serving.opening import sealed_attempts
from burnish.agent.serving.programs import offered
from burnish.types import Attempt, Task

STAIRS = f"{Path(__file__).parents[2] / 'helpers' / 'stairs.py'}:Stairs"
ROLES = ("user", "assistant")
TASK = "What is the code of the red bridge in room 1234?"


def events(text: str) -> list[Any]:
    """The chunks of a stream, which must end as it should."""
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_the_sealed_test_is_answered_again_request_by_request(learned: Laboratory) -> None:
    record = await check(open_run(learned.folder / "run"))
    assert record.answers == 20
    assert record.arm == "champion"
    assert record.same_requests == record.agree == record.answers


async def test_the_seed_is_checked_by_its_own_arm(learned: Laboratory) -> None:
    record = await check(open_run(learned.folder / "run"), at=0)
    assert (record.arm, record.agree) == ("seed", record.answers)


def test_check_says_how_many_answers_agree(learned: Laboratory, burnish: CommandLine) -> None:
    done = burnish("serve", learned.folder / "run", "--check")
    assert done.code == 0
    assert "20 of 20 answers are those of the sealed test" in done.out
    learned.model.answer, before = lambda _: "something else", learned.model.answer
    done = burnish("serve", learned.folder / "run", "--check")
    learned.model.answer = before
    assert done.code == 1
    assert done.out.startswith("0 of 20 answers")
    assert "20 of 20 requests to the model are the same" in done.out
    assert burnish("serve", learned.folder / "run", "--check", "--at", "1").code in (0, 2)


def test_turns_of_an_episode_are_answered_as_in_the_test(tmp_path: Path, burnish: CommandLine) -> None:
    def rider(body: Body) -> str:
        observation = body["messages"][-1]["content"].rpartition("\n\n")[2]
        right = sum(action == right_action(seen) for seen, action in shown_exemplars(body))
        return right_action(observation) if chance(observation, body.get("seed")) < 0.3 + 0.18 * right else "look"

    with laboratory(tmp_path, rider) as lab:
        tables = {"environment": STAIRS, "sealed": {"tasks": 4}, "budget": {"iterations": 1}}
        lab.run("run", **tables, decoding={"history": 2})
        done = burnish("serve", tmp_path / "run", "--check")
        assert done.code == 0, done.out
        seen = [turn.observation for attempt in sealed_turns(tmp_path / "run") for turn in attempt.turns][:4]
        with serving(tmp_path / "run") as served:
            turns = [(seen[0], "up"), (seen[1], "down"), (seen[2], "look")]
            earlier = [{"role": r, "content": c} for turn in turns for r, c in zip(ROLES, turn, strict=True)]
            body = {"model": "champion", "messages": [*earlier, {"role": "user", "content": seen[3]}]}
            assert served.chat(body).status_code == 200
            sent = [message["content"] for message in lab.model.bodies[-1]["messages"]]
            assert sent[-5:] == [*turns[1], *turns[2], seen[3]]  # as many as the program was tested with
            assert seen[0] not in sent[-5:-1]
            assert served.chat({**body, "messages": body["messages"][1:]}).status_code == 400


def sealed_turns(run: Path) -> list[Attempt]:
    with open_run(run).journal() as journal:
        return sealed_attempts(journal, "seed")


def test_every_program_is_a_model_of_its_own(served: Served, learned: Laboratory) -> None:
    run = open_run(learned.folder / "run")
    listed = {one["id"]: one["burnish"] for one in served.http.get(f"{served.url}/models").json()["data"]}
    assert list(listed) == ["champion", "seed", *(f"iteration-{record.number}" for record in run.iterations())]
    for name, own in listed.items():
        assert own["program"] == run.program(own["iteration"]).id
        assert served.answer(TASK, name)["burnish"]["program"] == own["program"]
        assert served.http.get(f"{served.url}/models/{name}").json()["id"] == name
    assert listed["seed"]["program"] != listed["champion"]["program"] == run.program().id


def test_an_answer_says_how_it_came_about(served: Served, learned: Laboratory) -> None:
    said = served.answer(TASK)
    own = said["burnish"]
    memory = {exemplar.id: exemplar for exemplar in open_run(learned.folder / "run").memory()}
    shown = shown_exemplars(learned.model.bodies[-1])
    assert [(memory[one["id"]].prompt, memory[one["id"]].answer) for one in own["exemplars"]] == shown
    assert max(one["cosine"] for one in own["exemplars"]) <= own["nearest"] <= 1
    assert said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"] > 0
    assert said["choices"][0]["finish_reason"] == "stop"
    assert not own["unlike"]
    assert own["ignored"] == own["notes"] == []


def test_a_text_unlike_all_that_was_tested_is_called_so(served: Served) -> None:
    own = served.answer("ζωγραφίζω κάθε πρωί")["burnish"]
    assert own["unlike"]
    assert own["nearest"] < own["least_sealed"]
    assert "less like anything in memory" in own["notes"][0]


def test_a_remembered_task_is_never_shown_with_itself(served: Served, learned: Laboratory) -> None:
    exemplar = open_run(learned.folder / "run").shown()[0]
    own = served.answer(exemplar.prompt)["burnish"]
    assert own["nearest"] == pytest.approx(1)
    assert exemplar.id not in [one["id"] for one in own["exemplars"]]


def test_a_stream_adds_up_to_the_answer(served: Served) -> None:
    whole = served.answer(TASK)
    for wanted in (True, False):
        chunks = events(served.ask(TASK, stream=True, stream_options={"include_usage": wanted}).text)
        choices = [choice for chunk in chunks for choice in chunk["choices"]]
        assert "".join(c["delta"].get("content", "") for c in choices) == whole["choices"][0]["message"]["content"]
        assert choices[-1]["finish_reason"] == "stop"
        assert [chunk["burnish"] for chunk in chunks if "burnish" in chunk] == [whole["burnish"]]
        assert [chunk["usage"] for chunk in chunks if chunk.get("usage")] == ([whole["usage"]] if wanted else [])


def test_sixty_four_clients_at_once_get_their_own_answers(served: Served) -> None:
    tasks = [f"What is the code of the blue river in room {number}?" for number in range(2000, 2064)]
    alone = [served.answer(task)["choices"] for task in tasks[:8]]
    with ThreadPoolExecutor(64) as pool:
        together = list(pool.map(served.answer, tasks))
    assert [one["choices"] for one in together[:8]] == alone
    assert len({one["id"] for one in together}) == 64


def test_nothing_in_the_folder_of_the_run_is_changed(learned: Laboratory, tmp_path: Path) -> None:
    def state() -> dict[Path, tuple[bytes, int]]:
        files = [path for path in (learned.folder / "run").rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = state()
    with serving(learned.folder / "run") as served:
        served.answer("A text that nobody ever embedded.")
        assert served.ask("x", "none").status_code == 404
    assert state() == before


def test_a_champion_that_was_proved_worse_is_not_given_out(learned: Laboratory, tmp_path: Path) -> None:
    copy = shutil.copytree(learned.folder / "run", tmp_path / "copy")
    ((sealed,),) = query(copy, "SELECT value FROM meta WHERE key = 'sealed'")
    worse = json.dumps({**json.loads(sealed), "verdict": "worse"})
    query(copy, "UPDATE meta SET value = ? WHERE key = 'sealed'", worse)
    run = open_run(copy)
    with run.journal() as journal:
        given, chosen = offered(run, journal), offered(run, journal, 2)
    assert given.champion.program == given.by_name["seed"].program
    assert "proved the newest champion worse" in given.said
    assert (chosen.champion.iteration, chosen.said) == (2, "")


def test_at_says_which_iteration_is_the_champion(learned: Laboratory) -> None:
    run = open_run(learned.folder / "run")
    with serving(learned.folder / "run", at=1) as served:
        assert served.answer(TASK)["burnish"]["program"] == run.program(1).id
    assert Task(run.config.environment, TASK).split  # what is asked is a task like any other
