from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.agent.loop.policies import Policies, choose_policies, resolved
from burnish.agent.loop.registry import OPERATORS, choose_operators
from burnish.config import RunConfig
from burnish.errors import ConfigError
from burnish.keys import choice, declared_types, table_types, tables
from burnish.memory.embedding import EMBEDDERS
from burnish.policies.curriculum import Curriculum
from burnish.policies.eviction import Eviction
from burnish.policies.guard import Guard
from burnish.policies.rating import RatingPolicy
from burnish.policies.stopping import Stopping
from burnish.spelling import nearest
from burnish.tables import apply_overrides

KINDS = {kind: table_types(hint) for kind, hint in declared_types(Policies).items()}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
COUNT = st.integers(1, 10**9)
ABOVE_ZERO = st.floats(1e-9, 1e9)
SHARE = st.floats(0, 1)
OPTION = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
OPTIONS = st.dictionaries(TEXT, OPTION | st.lists(OPTION, max_size=2), max_size=2)


def table(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any table with some of these keys."""
    return st.fixed_dictionaries({}, optional=values)


MODEL = table(
    url=st.sampled_from(["embedded", "http://127.0.0.1:1/v1", "https://[::1]:8080/", "https://api.example.org/v1"]),
    name=TEXT,
    file=TEXT,
    api_key_env=st.sampled_from(["", "OPENAI_API_KEY", "my_key"]),
    retries=st.integers(0, 9),
    timeout_seconds=ABOVE_ZERO,
    usd_per_million_prompt_tokens=st.floats(0, 1e3),
)
CONFIG = table(
    environment=TEXT,
    environment_options=OPTIONS,
    seed=st.integers(0, 2**31),
    prompt=st.dictionaries(TEXT, TEXT, max_size=2),
    operators=st.lists(TEXT, max_size=2),
    models=table(task=MODEL, reflector=MODEL, judge=MODEL),
    budget=table(calls=COUNT, tokens=COUNT, usd=ABOVE_ZERO, seconds=ABOVE_ZERO | st.just(float("inf"))),
    sampling=table(tasks=COUNT, temperature=st.floats(0, 2)),
    retrieval=table(k=st.integers(0, 9), order=st.sampled_from(["nearest_last", "nearest_first"]), relevance=SHARE),
    decoding=table(max_tokens=COUNT, rendering=st.sampled_from(["turns", "block"])),
    memory=table(index=st.sampled_from(["chroma", "numpy"]), embedder=TEXT),
    policies=st.dictionaries(st.sampled_from(list(KINDS)), OPTIONS, max_size=2),
)


@given(CONFIG)
def test_a_configuration_written_as_toml_reads_back_equal(data: dict[str, Any]) -> None:
    config = RunConfig.parse(data)
    assert RunConfig.parse(tomllib.loads(config.to_toml())) == config


def test_the_empty_file_is_the_default_configuration(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("", encoding="utf-8")
    assert RunConfig.load(file) == RunConfig()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("sampling.tsks = 3", 'unknown key sampling.tsks; did you mean "tasks"?'),
        ("budget.call = 3", 'unknown key budget.call; did you mean "calls"?'),
        ("modles = {}", 'unknown key modles; did you mean "models"?'),
        ("models.task.nam = 'x'", 'unknown key models.task.nam; did you mean "name"?'),
        ("models.reflector.retires = 1", 'unknown key models.reflector.retires; did you mean "retries"?'),
        ("retrieval.relevence = 1", 'unknown key retrieval.relevence; did you mean "relevance"?'),
        ("decoding.max_token = 1", 'unknown key decoding.max_token; did you mean "max_tokens"?'),
        (
            "sampling.zzz = 3",
            "unknown key sampling.zzz; known are forms, hints, own_first, samples, sketches, tasks, temperature, top_p",
        ),
        ("memory.index = 'crhoma'", "memory.index = 'crhoma' is not known; did you mean \"chroma\"?"),
        ("decoding.rendering = 'turn'", "decoding.rendering = 'turn' is not known; did you mean \"turns\"?"),
        ("retrieval.policy = 'nearst'", "retrieval.policy = 'nearst' is not known; did you mean \"nearest\"?"),
        ("retrieval.order = 'up'", "known are nearest_first, nearest_last"),
        ("retrieval.k = -1", "retrieval.k = -1: input should be greater than or equal to 0"),
        ("decoding.max_tokens = 0", "decoding.max_tokens = 0: input should be greater than or equal to 1"),
        ("decoding.temperature = 3.0", "decoding.temperature = 3.0: input should be less than or equal to 2"),
        ("retrieval.shelves = 0", "retrieval.shelves = 0: input should be greater than or equal to 1"),
        ("sampling.tasks = 0", "sampling.tasks = 0: input should be greater than or equal to 1"),
        ("sampling.forms = 'maybe'", "sampling.forms = 'maybe': give true or false"),
        ("sampling.tasks = 'many'", "sampling.tasks = 'many': give a whole number"),
        ("budget.seconds = nan", "budget.seconds = nan: input should be greater than 0"),
        ("models.task.url = 'ftp://x'", 'must be "embedded" or start with http:// or https://'),
        ("models.task.url = 'http://'", "must name a host"),
        ("models.task.url = 'http://host:99999'", "port out of range"),
        ("models.task.url = 'http://[::1'", "invalid IPv6 URL"),
        ("sampling = 3", "sampling = 3: input should be a valid dictionary"),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_one(tmp_path: Path, toml: str, said: str) -> None:
    file = tmp_path / "run.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        RunConfig.load(file)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    ["sk-proj-abc", "gsk_8a7b6c5d4e3f2a1b0c9d", "hf_abcdefghijklmnopqrst", "3f2a1b0c9d8e7f6a5b4c", "Bearer x", "ключ"],
)
def test_a_key_in_place_of_the_name_of_its_variable_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError, match=r"models\.task\.api_key_env = .*name of an environment variable") as caught:
        RunConfig.parse({"models": {"task": {"api_key_env": key}}})
    assert key not in str(caught.value)


def test_a_file_that_cannot_be_read_or_is_no_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none\.toml: No such file"):
        RunConfig.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        RunConfig.load(tmp_path)
    for data in (b"a = ", b"[sampling\n", b"environment = '\xff'"):
        (tmp_path / "bad.toml").write_bytes(data)
        with pytest.raises(ConfigError, match=r"bad\.toml is not valid TOML: "):
            RunConfig.load(tmp_path / "bad.toml")


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("sampling.tasks=16", {"sampling": {"tasks": 16, "samples": 2}}),
        ("environment=dates", {"environment": "dates", "sampling": {"samples": 2}}),
        ("environment='a=b'", {"environment": "a=b", "sampling": {"samples": 2}}),
        ("models.task.name=qwen2.5:7b", {"models": {"task": {"name": "qwen2.5:7b"}}, "sampling": {"samples": 2}}),
        ("operators=['rules']", {"operators": ["rules"], "sampling": {"samples": 2}}),
        ("sampling.samples=", {"sampling": {"samples": ""}}),
    ],
)
def test_an_override_sets_one_key_and_leaves_the_rest(override: str, value: dict[str, Any]) -> None:
    data = {"sampling": {"samples": 2}}
    assert apply_overrides(data, [override]) == value
    assert data == {"sampling": {"samples": 2}}


def test_the_last_of_two_overrides_holds(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("seed = 1", encoding="utf-8")
    assert RunConfig.load(file, ["seed=2", "seed=3"]).seed == 3


@pytest.mark.parametrize("override", ["seed", "=3", "seed.deep=3"])
def test_an_override_that_sets_nothing_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match="-o "):
        apply_overrides({"seed": 1}, [override])


def test_nearest_lists_everything_when_nothing_is_near() -> None:
    assert nearest("zz", ["b", "a"]) == "known are a, b"


def test_the_first_policy_of_a_kind_is_the_default() -> None:
    policies = choose_policies(RunConfig())
    for kind, known in KINDS.items():
        assert type(getattr(policies, kind)) is known[0]


def test_a_policy_keeps_the_protocol_of_its_kind() -> None:
    made = Policies()
    checked_by_mypy: tuple[Curriculum, Eviction, RatingPolicy, Guard, Stopping] = (
        made.curriculum, made.eviction, made.rating, made.diversity, made.stopping,
    )  # fmt: skip
    assert len(checked_by_mypy) == sum(len(known) > 1 for known in KINDS.values())


def test_the_resolved_configuration_says_everything_and_decides_the_same() -> None:
    for kind, known in KINDS.items():
        for name in map(choice, known):
            config = RunConfig.parse({"policies": {kind: {"name": name}}})
            full = resolved(config)
            assert set(full.policies) == set(KINDS)
            assert all(next(iter(options)) == "name" for options in full.policies.values())
            assert RunConfig.parse(tomllib.loads(full.to_toml())) == full == resolved(full)
            assert choose_policies(full) == choose_policies(config)


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ({"curriculum": {"name": "fronteir"}}, "policies.curriculum.name = 'fronteir' is not known; did you mean \"fr"),
        ({"admission": {"name": "novle"}}, "policies.admission.name = 'novle' is not known; did you mean \"novel\"?"),
        ({"curiculum": {}}, 'unknown key policies.curiculum; did you mean "curriculum"?'),
        ({"curriculum": {"flor": 1}}, 'unknown key policies.curriculum.flor; did you mean "floor"?'),
        ({"curriculum": {"floor": "x"}}, "policies.curriculum.floor = 'x': give a number"),
        ({"eviction": {"name": "oldest", "weight": 1}}, "unknown key policies.eviction.weight; known are name, size"),
        ({"curriculum": {"prior": 0.0}}, "policies.curriculum.prior = 0.0: input should be greater than 0"),
        ({"stopping": {"patience": 0}}, "policies.stopping.patience = 0: input should be greater than or equal to 1"),
        ({"acceptance": {"alpha": 1.0}}, "policies.acceptance.alpha = 1.0: input should be less than 1"),
        ({"acceptance": {"imagined_wins": -1}}, "policies.acceptance.imagined_wins = -1: input should be greater"),
        ({"diversity": {"vendi": 1.1}}, "policies.diversity.vendi = 1.1: input should be less than or equal to 1"),
    ],
)
def test_an_unknown_policy_or_option_is_refused_when_the_policies_are_chosen(policies: Any, said: str) -> None:
    config = RunConfig.parse({"policies": policies})
    for use in (choose_policies, resolved):
        with pytest.raises(ConfigError) as caught:
            use(config)
        assert said in str(caught.value)


def test_every_number_a_policy_takes_has_a_limit() -> None:
    for key in (key for table in tables(Policies) for key in table.keys):
        assert key.limits or not key.type.startswith(("integer", "number")), key.path


def test_a_path_is_found_from_here_else_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, beside = tmp_path / "here", tmp_path / "beside"
    for folder in (here, beside):
        folder.mkdir()
        (folder / "both").touch()
    (beside / "principles.toml").touch()
    (beside / "run.toml").write_text(
        'program = "both"\n[constitution]\nfile = "principles.toml"\n[memory]\nembedder = "hash"\n'
        '[models.judge]\nfile = "gone.gguf"\n'
    )
    (beside / "hash").mkdir()
    monkeypatch.chdir(here)
    config = RunConfig.load(beside / "run.toml", ["environment=both.py:Shop", "environment_options.f=both.py:make"])
    assert (config.program, config.environment) == ("both", "both.py:Shop")
    assert config.constitution.file == str(beside / "principles.toml")
    found = config.anywhere()
    monkeypatch.chdir(tmp_path)
    assert found == found.anywhere()
    assert found.program == str(here / "both")
    assert found.environment == f"{here / 'both.py'}:Shop"
    assert found.environment_options == {"f": f"{here / 'both.py'}:make"}
    assert found.memory.embedder == "hash"
    assert found.models.judge is not None
    assert found.models.judge.file == str(here / "gone.gguf")
    assert found.models.task.file == ""


def test_the_embedders_that_are_no_paths_are_those_that_come_with_burnish() -> None:
    key = next(key for table in tables(RunConfig) for key in table.keys if key.path == "memory.embedder")
    assert key.type == " or ".join([*(f'"{name}"' for name in EMBEDDERS), "path"])


def test_operators_come_in_the_order_of_the_configuration() -> None:
    names = tuple(reversed(list(OPERATORS)))
    assert tuple(o.name for o in choose_operators(RunConfig(operators=names))) == names
    with pytest.raises(ConfigError, match="operators: 'rule' is not known; did you mean \"rules\""):
        choose_operators(RunConfig(operators=("rule",)))
