"""An informed forger: changes a finished run and works out again all that depends on the change, the chain included."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from laboratory import query

from burnish.agent.loop.policies import choose_policies
from burnish.agent.loop.sealed_test import any_promoted, summarize, why_unraced
from burnish.agent.record.by_hand import before_sealed, of_learning
from burnish.agent.record.races import raced, raced_on_train
from burnish.agent.record.run import Run, open_run, write_report
from burnish.agent.record.seeds import OPENED, commitment
from burnish.agent.rollouts.evaluate import Judged
from burnish.memory.journal import Journal, dump
from burnish.memory.links import link
from burnish.policies.acceptance import Pair
from burnish.records import SEALED, GateRecord, IterationRecord
from burnish.types import Attempt, Exemplar, Feedback

Change = Callable[[dict[str, Any]], object]


@dataclass
class Forger:
    """Works on the copy of a finished run."""

    run: Run

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """A statement on the journal, past the program."""
        return query(self.run.place.path, statement, *values)

    def record(self, number: int, change: Change) -> None:
        """Change the record of an iteration."""
        self._body("iterations", "number = ?", (number,), change)

    def answers(self, node: str, iteration: int, change: Callable[[Attempt, Feedback], Judged]) -> None:
        """Change answers of a node with their verdicts."""
        sql = "SELECT place, body, verdict FROM attempts WHERE node = ? AND iteration = ?"
        for place, body, verdict in self.sql(sql, node, iteration):
            before = Attempt.from_json(json.loads(body)), Feedback.from_json(json.loads(verdict))
            attempt, feedback = change(*before)
            self.sql(
                "UPDATE attempts SET id = ?, program = ?, body = ?, verdict = ?"
                " WHERE node = ? AND iteration = ? AND place = ?",
                attempt.id, attempt.program_id, dump(attempt.to_json()), dump(feedback.to_json()), node, iteration,
                place,
            )  # fmt: skip

    def exemplar(self, change: Callable[[Exemplar], Exemplar], *, nth: int = 0) -> None:
        """Change an exemplar, and its id with it."""
        with self.run.journal() as journal:
            before = journal.exemplars()[nth]
        after = change(before)
        self.sql(
            "UPDATE exemplars SET id = ?, born = ?, died = ?, death = ?, body = ? WHERE id = ?",
            after.id, after.born, after.died, after.death, dump({**after.to_json(), "died": None, "death": ""}),
            before.id,
        )  # fmt: skip

    def fact(self, name: str, value: object) -> None:
        """Change a fact of the whole run."""
        self.sql("INSERT OR REPLACE INTO meta VALUES(?, ?)", name, json.dumps(value))

    def setting(self, before: str, after: str) -> None:
        """Change a line of the configuration that lies beside the run."""
        text = self.run.place.config_file.read_text()
        assert before in text, text
        self.run.place.config_file.write_text(text.replace(before, after, 1))
        self.run = open_run(self.run.place.path)

    def cover_up(self) -> None:
        """Work out again all that depends on answers, programs and settings."""
        self.fact("config", self.run.config.fingerprint)
        self.fact("settings", self.run.place.settings_digest())
        with self.run.journal() as journal:
            records, secret = journal.iterations(), str(journal.meta(OPENED))
        self.fact("sealed_seed_sha256", commitment(secret))
        for record in records:
            self._count(record)
        self._decide()
        self._summarize()
        write_report(self.run)  # once without the chain, to see that it can be made
        self.link_again()
        write_report(self.run)

    def link_again(self) -> None:
        """Make the chain of hashes anew."""
        self.sql("DELETE FROM links")
        asyncio.run(self._link())

    async def _link(self) -> None:
        journal = Journal.open(self.run.place.journal)
        await link(journal, finished=True)
        journal.close()

    def _body(self, table: str, where: str, key: tuple[object, ...], change: Change) -> None:
        ((body,),) = self.sql(f"SELECT body FROM {table} WHERE {where}", *key)
        values = json.loads(body)
        change(values)
        self.sql(f"UPDATE {table} SET body = ? WHERE {where}", dump(values), *key)

    def _count(self, record: IterationRecord) -> None:
        with self.run.journal() as journal:
            judged = [f for _, _, f in journal.judged("attempt", record.number)]
        if record.number:
            counts = {
                "attempts": len(judged),
                "verified": sum(f.verified for f in judged),
                "mean_reward": sum(f.reward for f in judged) / max(1, len(judged)),
                "statuses": dict(Counter(f.status.value for f in judged)),
            }
            self.record(record.number, lambda body: body.update(counts))

    def _decide(self) -> None:
        """Races as their answers say."""
        policy = choose_policies(self.run.config).acceptance
        pairs: dict[int, list[Pair]] = defaultdict(list)
        since: dict[int, int] = defaultdict(int)
        going = 0
        with self.run.journal() as journal:
            records = journal.iterations()
            decided: dict[int, list[GateRecord]] = defaultdict(list)
            for record, gate in ((r, g) for r in records for g in r.gates):
                found = pairs[gate.number]
                found += raced_on_train(journal, record) if gate.number == going else []
                found += raced(journal, record.number, gate)
                going = gate.number if gate.open else 0
                of_race = replace(policy, cap=gate.cap) if gate.cap else policy
                decision = of_race.decide(found, challenger=gate.number, since=since[gate.number])
                since[gate.number] = len(found) if gate.successor_id else since[gate.number]
                counted, n = found[: decision.n], max(1, decision.n)
                decided[record.number].append(
                    replace(
                        gate,
                        outcome=decision.outcome,
                        tasks=decision.n,
                        champion_score=sum(p.old for p in counted) / n,
                        challenger_score=sum(p.new for p in counted) / n,
                        e_value=decision.e_value,
                    )
                )
        for number, gates in decided.items():
            self.record(number, lambda body, gates=gates: body.update(gates=[g.to_json() for g in gates]))  # type: ignore[misc]

    def _summarize(self) -> None:
        with self.run.journal() as journal:
            record, judged = journal.sealed(), before_sealed(journal.iterations())
            last = of_learning(judged)[-1]
            assert record is not None
            arms = {name: [(a, f) for _, a, f in journal.judged(f"sealed {name}", SEALED)] for name in record.arms}
            whole = min(len(arms["seed"]), len(arms["champion"]))
            again = summarize(
                {name: rows[:whole] if name in ("seed", "champion") else rows for name, rows in arms.items()},
                same=judged[-1].champion_id == judged[0].champion_id,
                collapsed=last.action == "stop",
                iterations=last.number,
                alpha=self.run.config.sealed.alpha,
                unraced=why_unraced(journal.iterations()),
                promoted=any_promoted(journal.iterations()),
            )
        self.fact("sealed", replace(again, twins=record.twins).to_json())
