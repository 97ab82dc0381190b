"""The graph of an iteration: the nodes that a configuration switches on, where it branches, what its state holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from laboratory import CODES, CommandLine, Laboratory, is_rating
from langgraph.checkpoint.memory import InMemorySaver

from burnish.agent.loop.graph import answering_nodes, build_graph
from burnish.agent.loop.open_session import open_session
from burnish.agent.nodes.parts import Retried
from burnish.agent.nodes.parts_in_hand import Parts
from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.environments.registry import load

PLAIN = ("draw", "recall", "attempt", "check", "compare", "retry", "rate")


def edges(**keys: Any) -> set[tuple[str, str, bool]]:
    """(from, to, whether the way branches there)."""
    drawn = build_graph(RunConfig.parse(keys)).get_graph()
    return {(edge.source, edge.target, edge.conditional) for edge in drawn.edges}


@pytest.mark.parametrize(
    ("keys", "nodes"),
    [
        ({}, PLAIN),
        ({"expanding": {"methods": ["evol"]}}, ("draw", "expand", *PLAIN[1:])),
        ({"expanding": {"methods": ["evol"]}, "level": 5}, PLAIN),
        ({"sampling": {"hints": 2}}, PLAIN),
        ({"constitution": {"file": "principles.toml"}}, (*PLAIN[:6], "revise", "rate")),
        ({"level": 1, "sampling": {"hints": 2}}, ("draw", "recall", "write", "check", "rate")),
        ({"level": 2}, ("draw", "recall", "clean", "check", "rate", "human_review")),
        ({"level": 3}, (*PLAIN[:4], "rate", "human_review")),
        ({"level": 4}, PLAIN),
        ({"operators": [], "memory": {"follows": True}}, PLAIN),
    ],
)
def test_only_what_a_run_has_switched_on_is_wired(keys: dict[str, Any], nodes: tuple[str, ...]) -> None:
    config = RunConfig.parse(keys)
    assert answering_nodes(config) == nodes
    wired = set(build_graph(config).get_graph().nodes) - {"__start__", "__end__"}
    proposing = {"rewrite", "gate"} if config.operators else set[str]()
    assert wired == {*nodes, "curate", "refuse", *proposing, "guard", "roll_back", "commit"}


def test_the_way_branches_where_the_loop_decides() -> None:
    assert {e for e in edges(sampling={"hints": 2}) if e[2]} == {
        ("compare", "retry", True), ("compare", "rate", True),
        ("rate", "curate", True), ("rate", "refuse", True),
        ("rewrite", "gate", True), ("rewrite", "guard", True),
        ("guard", "roll_back", True), ("guard", "commit", True),
    }  # fmt: skip


def test_where_nothing_proposes_nothing_is_raced() -> None:
    found = edges(operators=[])
    assert not {"rewrite", "gate"} & {name for source, target, _ in found for name in (source, target)}
    assert {("curate", "guard", False), ("refuse", "guard", False)} <= found


def visited(lab: Laboratory) -> list[list[str]]:
    """The nodes of each iteration of the last run, in order."""
    runs: list[list[str]] = []
    for event in lab.events:
        if event.kind == "begin":
            runs.append([])
        elif event.kind == "node":
            runs[-1].append(event.facts["node"])
    return runs


def test_a_run_takes_the_ways_that_its_states_say(lab: Laboratory) -> None:
    lab.run("run")
    for nodes, record in zip(visited(lab), lab.report.iterations[1:], strict=True):
        assert nodes[:6] == [name for name in PLAIN if name != "retry"]
        assert nodes[-1] == "commit"
        assert ("gate" in nodes) == bool(record.gates)
        assert nodes[6] == "curate"
    assert any("gate" in nodes for nodes in visited(lab))


def test_where_nothing_is_verified_refusals_are_counted_and_nothing_is_compared(lab: Laboratory) -> None:
    lab.model.answer = lambda body: "3" if is_rating(body) else "no idea"
    lab.run("run", budget={"iterations": 2})
    assert [nodes[6] for nodes in visited(lab)] == ["refuse", "refuse"]
    refused = [record.refused for record in lab.report.iterations[1:]]
    assert all(set(reasons) == {"not verified"} and reasons["not verified"] > 0 for reasons in refused)
    assert lab.report.exemplars_ever == 0


def test_the_state_of_the_graph_is_small_and_plain(lab: Laboratory) -> None:
    config = lab.config()
    place = RunDirectory(lab.folder / "watched")
    place.create(config)

    async def one_iteration() -> list[Mapping[str, object]]:
        async with open_session(place, config, load(CODES, {}), lambda _kind, _facts: None) as opened:
            opened.session.begin(1)
            graph = build_graph(config, checkpointer=InMemorySaver())
            thread = {"configurable": {"thread_id": "1"}}
            await graph.ainvoke({"iteration": 1}, thread, context=opened.session)  # type: ignore[call-overload]
            return [snapshot.values async for snapshot in graph.aget_state_history(thread)]  # type: ignore[arg-type]

    states = asyncio.run(one_iteration())
    assert len(states) > len(PLAIN)
    assert max(len(json.dumps(state)) for state in states) < 10_000
    assert all(isinstance(value, (int, str)) for state in states for value in state.values())
    assert states[0]["champion"]


def test_a_part_is_written_once() -> None:
    parts = Parts()
    parts.add(Retried())
    with pytest.raises(AssertionError, match="Retried was written before"):
        parts.add(Retried())


def test_the_command_prints_the_graph_of_a_configuration(burnish: CommandLine, lab: Laboratory) -> None:
    plain = burnish("graph")
    assert plain.code == 0, plain.err
    assert plain.out.splitlines()[-1].startswith("\tclassDef") or "graph TD" in plain.out
    assert "expand" not in plain.out
    assert "draw --> expand" in burnish("graph", "evol").out
    assert "human_review" in burnish("graph", "-o", "level=3").out
    assert burnish("graph", lab.folder / "none.toml").code == 2
