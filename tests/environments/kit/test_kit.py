"""The conformance kit finds each flaw, says where, and finds none where there is none."""

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import flawed
import flawed_abilities
import flawed_shortcuts
import pytest

from burnish.environments.kit import Conformance, Finding, Limits, assert_promise, check, promises
from burnish.environments.kit.table import PROMISES
from burnish.errors import ConfigError, PluginError

FILE = Path(flawed.__file__)
MODULES = (flawed, flawed_abilities, flawed_shortcuts)
LIVE = {"offline", "same elsewhere", "attacks unpaid", "leaves nothing"}  # what takes a process of its own
QUICK = Limits(timeout=1.0, seconds=60.0)

FLAWED = [
    ("Unlicensed", "licence", "`provenance`"),
    ("OddLicence", "licence", "no SPDX expression"),
    ("NoLicence", "licence", "NOASSERTION"),
    ("AmericanSpelling", "abilities", "`license` may be meant for `licence`"),
    ("Misspelt", "abilities", "`solves` may be meant for `solve`"),
    ("HalfLevels", "abilities", "it has `at_level` but not `levels`"),
    ("FewTasks", "tasks", "too few distinct tasks"),
    ("BlankTask", "tasks", "without a prompt"),
    ("HangingTasks", "tasks", "yielded nothing for 1 s"),
    ("Fickle", "same again", "equal arguments gave other tasks"),
    ("KeepsTuples", "json", "JSON"),
    ("WrongGold", "gold pays", "60 of 60 own answers are not verified"),
    ("Chokes", "any text is judged", "got no verdict"),
    ("Slow", "in time", "score took longer than 1 s"),
    ("HangsOnLong", "any text is judged", "score took longer than 1 s"),
    ("Generous", "hostile unpaid", "paid"),
    ("AnyNumber", "others unpaid", "100% of the answers to other tasks paid"),
    ("Moody", "same verdict", "gets another verdict"),
    ("Silent", "feedback speaks", "says nothing"),
    ("FickleCounting", "episodes replay", "other turns"),
    ("TooShort", "episodes end", "actions, and max_turns is 2"),
    ("LenientCounting", "episodes judged", "judged otherwise"),
    ("FragileTool", "tools answer", "raised KeyError"),
    ("BareSchema", "tools described", "schema of type object"),
    ("CountingTool", "tools are pure", "gave 1, and then 2"),
    ("OddConstants", "constants", "neither number nor text"),
    ("Disagreeing", "steps", "disagree"),
    ("ReadsNothing", "parse", "does not read the prompt of its own task"),
    ("ReadsAnything", "parse refuses", "where there is none"),
    ("SameVariant", "vary", "none of 5 variants differs"),
    ("NothingHarder", "evolve", '"deepen" makes is the task itself'),
    ("Seeded", "seeds", "a seed is not verified"),
    ("OtherForm", "form fits", "right answers have another form"),
    ("LookingAhead", "form fits", "no grammar can hold an answer to"),
    ("TellingForm", "form fits", "leave open which one is right"),
    ("AnyLevel", "levels", "is taken; raise ConfigError"),
    ("Tells", "no shortcut", "what stands after a word like `answer` in it is the right answer to 60 of 60"),
    ("OneForAll", "no shortcut", "one answer is right for 60 of 60 tasks"),
    ("Anywhere", "one answer", "list the right answer among others"),
    ("Remembers", "same verdict", "gets another verdict"),
    ("LongVariants", "vary", "times its words"),
    ("OtherCell", "vary", "of cell 'other'"),
    ("HidingForm", "form fits", "leave open which one is right"),
]
ADVICE = [
    ("NearCopies", "splits", "near copy"),
    ("OtherWords", "no twins", "by copying from a train task in other words"),
    ("Telltale", "feedback is discreet", "quotes the right answer"),
    ("Parrot", "feedback is discreet", "repeats words of the answer"),
    ("NarrowForm", "form fits", "right answers have another form"),
    ("SlightlyNarrow", "form fits", "right answers have another form"),
    ("TellsByKey", "no shortcut", "what stands after 'key:' in it"),
    ("LastLine", "no shortcut", "its last line is the right answer"),
    ("FirstWins", "one answer", "the right one first is verified"),
    ("LastWins", "one answer", "the right one last is verified"),
    ("Tailed", "one answer", "is verified"),
    ("QuotesField", "feedback is discreet", "repeats words of the answer"),
    ("Novels", "tasks", "prompts have up to 60,023 characters, about 15,005 tokens"),
]
LEAVING = [
    ("LeavesFiles", "temporary files"), ("LeavesOpen", "open files"), ("LeavesThreads", "threads"),
    ("LeavesProcesses", "processes"),
]  # fmt: skip
SOUND = [
    "Sums",
    "AsyncSums",
    "Unparsable",
    "Counting",
    "Calculator",
    "Steps",
    "Author",
    "Formed",
    "Levelled",
    "Objects",
]


def live(name: str, *only: str) -> Conformance:
    environment: Any = getattr(next(m for m in MODULES if hasattr(m, name)), name)()
    return check(environment, only=only, limits=QUICK)


def apart(name: str, *only: str) -> Conformance:
    file = next(m.__file__ for m in MODULES if hasattr(m, name))
    return check(f"{file}:{name}", only=only, limits=Limits(timeout=2.0, seconds=60.0))


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_environment_keeps_all_its_promises(name: str) -> None:
    conformance = live(name)
    assert [f.text for f in conformance.findings if f.outcome in {"broken", "advice"}] == []
    assert {f.promise for f in conformance.findings if f.outcome == "unknown"} <= LIVE
    assert conformance.times["score"].p95 >= conformance.times["score"].p50 > 0


@pytest.mark.parametrize(("name", "promise", "said"), FLAWED, ids=[name for name, _, _ in FLAWED])
def test_a_flaw_is_found_and_said(name: str, promise: str, said: str) -> None:
    (finding,) = live(name, promise).findings
    assert finding.outcome == "broken"
    assert said in finding.detail


@pytest.mark.parametrize(("name", "promise", "said"), ADVICE, ids=[name for name, _, _ in ADVICE])
def test_what_should_be_mended_is_advice(name: str, promise: str, said: str) -> None:
    conformance = live(name, promise)
    (finding,) = conformance.findings
    assert finding.outcome == "advice"
    assert said in finding.detail
    assert finding.example
    assert not conformance.broken


def test_every_promise_has_a_flaw_that_breaks_it() -> None:
    untried = set(PROMISES) - {promise for _, promise, _ in [*FLAWED, *ADVICE]}
    assert untried == LIVE


def test_a_hostile_answer_that_pays_is_shrunk_to_the_shortest() -> None:
    (finding,) = live("Generous", "hostile unpaid").findings
    assert finding.example
    assert finding.example.given == "'x'"
    assert "verified" in finding.example.seen


def test_the_smallest_hostile_answer_that_raises_is_shown() -> None:
    (finding,) = live("Chokes", "any text is judged").findings
    assert finding.example
    assert finding.example.given == "''"
    assert "ValueError" in finding.example.seen


def test_what_hangs_ends_the_check_and_the_rest_is_unknown() -> None:
    begun = monotonic()
    conformance = live("HangingTasks")
    assert monotonic() - begun < 30
    assert conformance.finding("tasks").outcome == "broken"
    assert conformance.finding("gold pays").outcome == "unknown"
    assert "see the promise `tasks`" in conformance.finding("gold pays").detail


def test_feedback_that_is_always_the_same_is_told() -> None:
    (finding,) = live("Sums", "feedback speaks").findings
    assert finding.outcome == "kept"
    assert "the same reason for each of" in finding.detail


def test_a_check_whose_time_is_over_says_so() -> None:
    sums: Any = flawed.Sums()
    conformance = check(sums, limits=Limits(seconds=0.0))
    assert "0 s of this check are over" in conformance.finding("tasks").detail
    assert conformance.finding("tasks").outcome == "unknown"


class TestApart:
    def test_a_sound_environment_keeps_everything(self) -> None:
        heard: list[Finding] = []
        conformance = check(f"{FILE}:Local", told=heard.append)
        assert conformance.broken == ()
        assert {f.outcome for f in conformance.findings if f.promise in {"offline", "same elsewhere"}} == {"kept"}
        assert sorted(f.promise for f in heard) == sorted(f.promise for f in conformance.findings)
        assert Conformance.from_json(json.loads(json.dumps(conformance.to_json()))) == conformance

    def test_tasks_by_hash_differ_in_another_process(self) -> None:
        (finding,) = apart("HashSeeded", "same elsewhere").findings
        assert finding.outcome == "broken"
        assert "PYTHONHASHSEED" in finding.detail
        assert finding.example
        assert "task 0 of tasks('train', 0)" in finding.example.given

    def test_what_is_right_in_part_is_rewarded_alike_in_every_process(self) -> None:
        (finding,) = apart("PartlyByHash", "same elsewhere").findings
        assert finding.outcome == "broken"
        assert finding.example
        assert "the verdict on" in finding.example.given

    @pytest.mark.parametrize(("name", "what"), LEAVING, ids=[name for name, _ in LEAVING])
    def test_what_verdicts_leave_behind_is_found(self, name: str, what: str) -> None:
        (finding,) = apart(name, "leaves nothing").findings
        assert finding.outcome == "broken"
        assert f" {what} behind" in finding.detail

    def test_what_is_there_once_is_not_left_behind(self) -> None:
        (finding,) = apart("Opens", "leaves nothing").findings
        assert (finding.outcome, finding.detail) == ("kept", "24 verdicts, nothing left behind")

    def test_reaching_for_the_network_is_named(self) -> None:
        (_, finding) = apart("Online", "in time", "offline").findings
        assert (finding.outcome, finding.detail.count("judge.example")) == ("broken", 1)

    def test_attacks_on_who_runs_code_are_found(self) -> None:
        (finding,) = apart("Runs", "attacks unpaid").findings
        assert finding.outcome == "broken"
        assert finding.example

    def test_what_cannot_be_loaded_without_the_network_says_what_it_asked_for(self) -> None:
        with pytest.raises(PluginError, match=r"BlockedNetwork: the network is blocked .*data\.example"):
            apart("NeedsNetwork")

    @pytest.mark.thorough
    def test_a_process_that_ends_breaks_one_promise_and_the_others_are_looked_at(self) -> None:
        conformance = apart("Exits", "any text is judged", "hostile unpaid", "feedback speaks")
        first, second, last = conformance.findings
        assert (first.outcome, second.outcome, last.outcome) == ("broken", "broken", "kept")
        assert first.detail == "the process ended with exit code 0"
        assert first.example
        assert first.example.given == "\"__import__('os')._exit(0)\""

    def test_what_breaks_the_print_too_is_found_where_it_is_promised(self) -> None:
        conformance = apart("YieldsTables")
        assert [f.promise for f in conformance.broken] == ["tasks"]
        assert "yielded dict instead of Task" in conformance.finding("tasks").detail
        assert conformance.finding("same elsewhere").outcome == "unknown"

    @pytest.mark.thorough
    def test_a_process_that_ends_at_the_print_is_followed_by_another(self) -> None:
        conformance = apart("ExitsOnEmpty", "any text is judged", "same elsewhere")
        assert conformance.finding("same elsewhere").outcome == "unknown"
        assert "the process ended with exit code 3" in conformance.finding("same elsewhere").detail
        finding = conformance.finding("any text is judged")
        assert finding.outcome == "broken"
        assert finding.example
        assert finding.example.given == "''"

    @pytest.mark.thorough
    def test_a_call_that_holds_up_the_interpreter_is_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("burnish.environments.kit.children.GRACE_SECONDS", 2.0)
        (finding,) = check(f"{FILE}:HoldsTheLock", only=["any text is judged"], limits=Limits(timeout=1.0)).findings
        assert finding.outcome == "broken"
        assert "held up the interpreter" in finding.detail
        assert finding.example
        assert finding.example.given.startswith("'xxxx")

    @pytest.mark.thorough
    def test_wrong_specs_and_options_are_the_errors_they_are_elsewhere(self) -> None:
        with pytest.raises(ConfigError, match="did you mean"):
            check("contcts")
        with pytest.raises(ConfigError, match='has no option "sise"'):
            check(f"{FILE}:Sums", {"sise": 3})
        with pytest.raises(PluginError, match="has no class"):
            check(f"{FILE}:Nothing")

    def test_options_reach_the_environment(self) -> None:
        conformance = check("contacts", {"shapes": 1}, only=["tasks"])
        assert "1 cell," in conformance.finding("tasks").detail


def test_an_unknown_promise_is_refused() -> None:
    with pytest.raises(ConfigError, match='no promise "gold pay"; did you mean "gold pays"'):
        live("Sums", "gold pay")


def test_one_test_a_promise() -> None:
    assert promises() == tuple(PROMISES)
    assert "offline" not in promises(without=["offline"])
    sums: Any = flawed.Sums()
    assert assert_promise("gold pays", sums).outcome == "kept"
    wrong: Any = flawed.WrongGold()
    with pytest.raises(AssertionError, match=r"gold pays: broken: 60 of 60(.|\n)*task: (.|\n)*given: "):
        assert_promise("gold pays", wrong)
    assert assert_promise("tasks", f"{FILE}:Sums").outcome == "kept"
    assert "burnish.environments.kit" in sys.modules
