"""What models' outputs may be used for, and what follows for a purpose."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from burnish.errors import ConfigError
from burnish.policies.purposes import licence_refusal, refusal, strictest
from burnish.terms import PEOPLE, UNKNOWN, Terms, TermsTable

TABLE = TermsTable.load()


@pytest.mark.parametrize(
    ("model", "training"),
    [
        ("SmolLM2-135M-Instruct.Q4_1", "yes"),
        ("meta-llama/Llama-3.1-8B-Instruct", "yes"),
        ("Meta-Llama-3-8B-Instruct", "no"),
        ("llama-2-7b-chat", "no"),
        ("gpt-4o-mini-2024-07-18", "not-competing"),
        ("claude-3-5-haiku", "no"),
        ("gemini-2.5-flash", "not-competing"),
        ("C:\\models\\Qwen2.5-0.5B-Instruct", "yes"),
        ("qwen2.5:3b-instruct", "no"),
        ("Qwen2.5-Coder-3B-Instruct", "no"),
        ("qwen3-max", "unknown"),
        ("deepseek-r1-distill-qwen-7b", "yes"),
        ("a-model-nobody-knows", "unknown"),
        ("", "yes"),
    ],
)
def test_terms_are_found_by_the_name_a_server_gives(model: str, training: str) -> None:
    assert TABLE.of(model).training == training


def test_the_longest_pattern_counts() -> None:
    assert TABLE.of("deepseek-r1-distill-llama-70b").licence == "LicenseRef-Llama-3"
    assert TABLE.of("deepseek-r1").licence == "MIT"
    assert "Built with Qwen" in TABLE.of("Qwen2.5-Math-72B-Instruct").conditions
    assert TABLE.of("gemma-4-12b").licence == "Apache-2.0"
    assert TABLE.of("gemma-2-9b-it").licence == "LicenseRef-Gemma"


def test_every_statement_has_its_source_and_date() -> None:
    assert {terms.training for _, terms in TABLE.listing()} == {"yes", "not-competing", "unknown", "no"}
    for pattern, terms in TABLE.listing():
        if terms.licence != "NOASSERTION":
            assert terms.source.startswith("https://"), pattern
            assert date.fromisoformat(terms.date).year >= 2023, pattern
            assert terms.statement, pattern


def test_terms_of_ones_own_come_first(tmp_path: Path) -> None:
    own = tmp_path / "terms.toml"
    own.write_text('[[model]]\nmatch = "g*"\nlicence = "LicenseRef-Contract"\ntraining = "yes"\nsharing = "no"\n')
    table = TermsTable.load(own)
    assert table.of("gpt-4o").training == "yes"
    assert table.of("smollm2").training == "yes"
    assert table.of("gpt-4o").sharing == "no"
    assert table.listing()[0][0] == "g*"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[model]]\nmatch = 3", "row 1: match = 3; give the names"),
        ("[[model]]\nlicence = 'MIT'", "row 1: match = None; give the names"),
        ("[[model]]\nmatch = 'x'\ntraning = 'yes'", 'unknown key traning; did you mean "training"?'),
        ("[[model]]\nmatch = 'x'\ntraining = 'yse'", "training = 'yse' is not known; did you mean \"yes\"?"),
        ("[[model]]\nmatch = 'x'\ntraining = true", "training = True; give a text"),
        ("[[model]]\nmatch = 'x'\ndate = 'last May'", "row 1: date = 'last May' is no day; give one such as"),
        ("[[model]]\nmatch = 'x'\nchecked = 2026", "row 1: checked = 2026 is no day; give one such as"),
        ("[[models]]\nmatch = 'x'", "unknown key models; each row is a table"),
        ("model = [", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_of_terms_is_named(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "terms.toml"
    own.write_text(text)
    with pytest.raises(ConfigError) as caught:
        TermsTable.load(own)
    assert message in str(caught.value)
    with pytest.raises(ConfigError, match="cannot read"):
        TermsTable.load(tmp_path / "none.toml")


@pytest.mark.parametrize("written", ["'2026-05-04'", "2026-05-04", "'20260504'"])
def test_a_day_may_be_a_date_of_toml_or_a_text(tmp_path: Path, written: str) -> None:
    own = tmp_path / "terms.toml"
    own.write_text(f"[[model]]\nmatch = 'mine'\ndate = {written}")
    assert TermsTable.load(own).of("mine").date == "2026-05-04"


def test_what_is_not_known_is_refused_but_for_evaluation() -> None:
    assert refusal("train", UNKNOWN, "m") == "it is not known whether outputs of m may train other models"
    assert refusal("share", UNKNOWN, "m") == "it is not known whether outputs of m may be shared"
    assert refusal("evaluate", UNKNOWN, "m") == ""
    assert refusal("train", Terms(training="no"), "m") == "outputs of m may not train other models"
    assert refusal("train", PEOPLE, "") == refusal("share", PEOPLE, "") == ""


def test_competing_is_for_the_user_to_say() -> None:
    hosted = Terms(training="not-competing", sharing="yes")
    assert "that competes" in refusal("train", hosted, "m")
    assert refusal("train", hosted, "m", competing=False) == refusal("share", hosted, "m") == ""
    assert refusal("train", Terms(training="no"), "m", competing=False)


def test_data_may_be_used_as_its_strictest_generator_allows() -> None:
    of = {training: Terms(training=training) for training in ("yes", "not-competing", "unknown", "no")}
    assert strictest([of["yes"], of["not-competing"]]) == "not-competing"
    assert strictest([of["unknown"], of["not-competing"], of["yes"]]) == "unknown"
    assert strictest(of.values()) == "no"
    assert strictest([]) == "yes"


def test_tasks_without_a_licence_serve_evaluation_only() -> None:
    assert licence_refusal("train", "NOASSERTION") == licence_refusal("share", "") == "the tasks have no known licence"
    assert licence_refusal("evaluate", "") == licence_refusal("share", "CC0-1.0") == ""
