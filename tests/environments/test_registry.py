import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnish.environments.built_in.contacts import Contacts
from burnish.environments.registry import BUILT_IN, EnvironmentEntry, listing, load
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.types import JsonValue

GOOD = """
    from burnish.types import Feedback, Task

    class Echo:
        "Say it again."
        name = "echo"
        instruction = "Repeat the text."

        def __init__(self, *, words: int = 3, loud: bool = False):
            self.words = words

        def tasks(self, split, seed):
            for number in range(1000):
                yield Task("echo", f"word {number} of {self.words}")

        def score(self, task, answer):
            right = answer == task.prompt
            return Feedback(float(right), right)
"""


@pytest.fixture(autouse=True)
def _clean_import_state() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def written(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text))
    return path


def installed(folder: Path, entries: str, name: str = "gadgets", group: str = "burnish.environments") -> None:
    """An installed distribution as pip leaves it: metadata beside the module."""
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{entries}\n")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_built_in_environments_load_by_name_and_have_a_summary(name: str) -> None:
    assert load(name, {}).name == name
    (entry,) = [entry for entry in listing() if entry.name == name]
    assert entry.source == "built-in"
    assert entry.summary.endswith(".")


def test_options_reach_the_constructor() -> None:
    environment = load("contacts", {"shapes": 1})
    assert isinstance(environment, Contacts)
    assert {task.cell for task, _ in zip(environment.tasks("train", 0), range(20), strict=False)} == {"plain"}


def test_an_option_that_is_a_text_may_look_like_a_number(tmp_path: Path) -> None:
    code = GOOD.replace("loud: bool = False", "level: str = ''").replace("= words", "= (words, level)")
    environment = load(f"{written(tmp_path / 'levelled.py', code)}:Echo", {"level": 2, "words": 3})
    assert vars(environment)["words"] == (3, "2")


@pytest.mark.parametrize(
    ("spec", "meant"),
    [("echo:Echo", "echo.py:Echo"), ("echo.py::Echo", "echo.py:Echo"), ("contacts:", "contacts"), ("rg", "rg:...")],
)
def test_whoever_mistakes_the_marks_is_told_what_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, meant: str
) -> None:
    written(tmp_path / "echo.py", GOOD)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f'no environment is called "{spec}"; did you mean "{meant}"'):
        load(spec, {})
    with pytest.raises(PluginError, match='did you mean "Echo"'):
        load("echo.py:ecko", {})


def test_a_scheme_takes_files_that_end_like_python() -> None:
    with pytest.raises(PluginError, match=r"there is no file nowhere\.py"):
        load("jsonl:nowhere.py", {})


def test_a_class_in_a_file_loads_by_absolute_and_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "echo.py", GOOD)
    assert load(f"{tmp_path}/echo.py:Echo", {"words": 5}).name == "echo"
    monkeypatch.chdir(tmp_path)
    assert load("echo.py:Echo", {}).instruction == "Repeat the text."
    assert load(f".{os.sep}echo.py:Echo", {}).name == "echo"


def test_a_file_may_import_its_neighbours_and_hold_dataclasses(tmp_path: Path) -> None:
    written(tmp_path / "burnish_test_neighbour.py", GOOD)
    code = """
        from __future__ import annotations
        from dataclasses import dataclass
        from burnish_test_neighbour import Echo

        @dataclass
        class Louder(Echo):
            words: int = 4
    """
    assert load(f"{written(tmp_path / 'louder.py', code)}:Louder", {"words": 2}).name == "echo"


def test_a_plug_in_loads_by_its_entry_point(tmp_path: Path) -> None:
    written(tmp_path / "burnish_test_gadgets.py", GOOD)
    installed(tmp_path, "echo = burnish_test_gadgets:Echo")
    assert load("echo", {"words": 1}).name == "echo"


def test_listing_never_imports_a_plug_in(tmp_path: Path) -> None:
    written(tmp_path / "burnish_test_bomb.py", "raise RuntimeError('imported')\nclass Bomb: ...\nContacts = Bomb")
    installed(tmp_path, "bomb = burnish_test_bomb:Bomb\ncontacts = burnish_test_bomb:Contacts")
    assert EnvironmentEntry("bomb", "gadgets: burnish_test_bomb:Bomb") in listing()
    assert [entry.warning for entry in listing() if entry.name == "contacts"] == [
        "",
        "hidden: what is built in has this name",
    ]
    with pytest.raises(PluginError, match=r'"bomb" \(gadgets: .*cannot be imported: RuntimeError: imported'):
        load("bomb", {})


def test_two_plug_ins_of_one_name_are_refused(tmp_path: Path) -> None:
    installed(tmp_path, "echo = one:Echo")
    installed(tmp_path, "echo = two:Echo", name="widgets")
    assert {entry.warning for entry in listing() if entry.name == "echo"} == {"more than one package offers this name"}
    with pytest.raises(PluginError, match="gadgets: one:Echo and widgets: two:Echo; uninstall"):
        load("echo", {})


def test_a_plug_in_that_names_no_object_is_listed_with_a_warning(tmp_path: Path) -> None:
    installed(tmp_path, "half = only_a_module")
    assert [e.warning for e in listing() if e.name == "half"] == [
        "its entry point 'only_a_module' names no object; it must read module:Class"
    ]


@pytest.mark.parametrize(
    ("entry", "warning"),
    [
        ("burnish_test_gone:Echo", "there is no module burnish_test_gone"),
        ("burnish_test_shop.gone:Echo", "there is no module burnish_test_shop.gone"),
        ("burnish_test_shop.items.deeper:Echo", "there is no module burnish_test_shop.items.deeper"),
        ("burnish_test_shop.items:Ecko", 'burnish_test_shop.items has no "Ecko"; did you mean "Echo"? known are Echo'),
        ("burnish_test_shop.broken:Echo", "broken.py cannot be read: SyntaxError: expected ':' (broken.py, line 1)"),
        ("burnish_test_shop.items:Echo.louder", ""),
        ("burnish_test_shop.chosen:Echo", ""),
        ("burnish_test_shop.chosen:Later", ""),
        ("burnish_test_shop.chosen:Inner", 'burnish_test_shop.chosen has no "Inner"; known are Echo, Later, f'),
        ("burnish_test_shop.all:Echo", ""),
        ("burnish_test_shop.lazy:Echo", ""),
        ("math:Echo", ""),
    ],
)
def test_what_is_broken_about_a_plug_in_shows_without_an_import(tmp_path: Path, entry: str, warning: str) -> None:
    shop = tmp_path / "burnish_test_shop"
    shop.mkdir()
    for name, code in {
        "__init__": "raise RuntimeError('imported')",
        "items": "class Echo: ...",
        "broken": "class Echo",
        "chosen": "try:\n    from x import Echo\nexcept ImportError:\n    async def Echo(): ...\nLater = 1\n"
        "def f():\n    Inner = 1",
        "all": "from .items import *",
        "lazy": "def __getattr__(name): ...",
    }.items():
        (shop / f"{name}.py").write_text(code)
    installed(tmp_path, f"shown = {entry}")
    (found,) = [one.warning for one in listing() if one.name == "shown"]
    assert found.endswith(warning)
    assert bool(found) == bool(warning)


def test_a_scheme_gets_what_stands_behind_the_colon_and_the_options(tmp_path: Path) -> None:
    written(
        tmp_path / "burnish_test_shelf.py",
        GOOD.replace("*, words", "title, *, words").replace("self.words = words", "self.words = f'{title} {words}'"),
    )
    installed(tmp_path, "shelf = burnish_test_shelf:Echo", group="burnish.adapters")
    environment = load("shelf:one:two", {"words": 7})
    assert next(iter(environment.tasks("train", 0))).prompt == "word 0 of one:two 7"  # type: ignore[arg-type]
    assert [e.source for e in listing() if e.name == "shelf:"] == ["gadgets: burnish_test_shelf:Echo"]
    with pytest.raises(ConfigError, match='"shelf:x" has no option "wrods"; did you mean "words"'):
        load("shelf:x", {"wrods": 1})
    with pytest.raises(ConfigError, match='no scheme is called "shef"; did you mean "shelf"'):
        load("shef:x", {})


def test_what_a_misspelt_method_may_be_meant_for_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "echo.py", GOOD.replace("def score", "def scores"))
    with pytest.raises(PluginError, match="lacks the method `score`; `scores` may be meant for `score`"):
        load(f"{path}:Echo", {})


def test_an_error_in_a_class_names_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path / "echo.py", GOOD.replace("self.words = words", "self.words = words / 0"))
    with pytest.raises(PluginError, match=r"ZeroDivisionError: division by zero \(.*echo.py, line 10\)"):
        load(f"{path}:Echo", {})


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        (
            "contcts",
            {},
            'no environment is called "contcts"; did you mean "contacts"? known are arithmetic, chess',
        ),
        ("", {}, 'no environment is called ""; known are arithmetic'),
        ("a:b", {}, 'no scheme is called "a"; '),
        ("contacts", {"shape": 1}, '"contacts" has no option "shape"; did you mean "shapes"? it takes'),
        ("dates", {"shape": 1}, '"dates" has no option "shape"; it takes'),
        ("contacts", {"shapes": 99}, "from 1 to 16"),
        ("contacts", {"shapes": "many"}, "option \"shapes\" is 'many'; give a whole number"),
        ("contacts", {"shapes": True}, "give a whole number"),
        ("code", {"unsafe": "no"}, "option \"unsafe\" is 'no'; give true or false"),
        ("code", {"timeout": "long"}, "give a number"),
        ("labels", {"level": ["easy"]}, "give a text"),
        ("LABELS", {}, 'did you mean "labels"?'),
        ("RG:leg_counting", {}, 'did you mean "rg:leg_counting"?'),
    ],
)
def test_wrong_names_and_options_are_configuration_errors(
    spec: str, options: dict[str, JsonValue], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(spec, options)
    assert message in str(caught.value)


def test_options_are_held_to_what_a_class_says_of_them(tmp_path: Path) -> None:
    own = "words: 'int | None' = 3, rate: float = 1.0, quiet=False"
    code = GOOD.replace("words: int = 3, loud: bool = False", own)
    assert code != GOOD
    path = written(tmp_path / "echo.py", code)
    spec = f"{path}:Echo"
    assert load(spec, {"words": None, "rate": 2, "quiet": True}).name == "echo"
    for option, wrong in (("words", "3"), ("rate", "2"), ("quiet", "no"), ("quiet", 0)):
        with pytest.raises(ConfigError, match=f'option "{option}" is'):
            load(spec, {option: wrong})


def test_a_file_of_tasks_alone_is_told_its_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sums.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r'did you mean "jsonl:sums\.jsonl"'):
        load("sums.jsonl", {})


START = "class Echo:\n "
BROKEN = [
    ("raises", "1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
    ("syntax", "class Echo(:", "cannot be imported: SyntaxError"),
    ("exits", "import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    ("imports", "import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
    ("empty", "", "there are no classes in it"),
    ("other", "class Ecko: pass\nclass Other: pass", "the classes there are Ecko, Other"),
    ("value", "Echo = 3", "is int, not a class"),
    ("bare", "class Echo: pass", "the text `name` and the text `instruction` and the method `tasks` and the method"),
    ("unscored", f"{START}name = instruction = 'e'\n tasks = print", "lacks the method `score`"),
    ("nameless", f"{START}name = ''\n instruction = 'i'\n tasks = score = print", "`name` is ''; write a text there"),
    ("property", f"{START}@property\n def name(self): raise OSError('gone')", "cannot be read: OSError: gone"),
    ("constructor", f"{START}def __init__(self): raise ValueError('no data')", "cannot be built: ValueError: no data"),
]


@pytest.mark.parametrize(("stem", "code", "message"), BROKEN, ids=[stem for stem, _, _ in BROKEN])
def test_broken_files_are_plug_in_errors_that_name_the_file(tmp_path: Path, stem: str, code: str, message: str) -> None:
    path = written(tmp_path / f"{stem}.py", code)
    with pytest.raises(PluginError) as caught:
        load(f"{path}:Echo", {})
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert not [
        name
        for name in sys.modules
        if name.startswith(f"burnish_environment_{stem}") and "cannot be imported" in str(caught.value)
    ]


def test_a_missing_file_and_a_missing_class_name_say_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"there is no file .*gone\.py .*path/to/file\.py:Class"):
        load(f"{tmp_path}/gone.py:Echo", {})
    with pytest.raises(PluginError, match=r"alone names no class; the classes there are Echo"):
        load(str(written(tmp_path / "echo.py", GOOD)), {})


def test_options_a_file_class_refuses_or_needs_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "echo.py", GOOD)
    with pytest.raises(ConfigError, match='no option "size"; it takes words, loud'):
        load(f"{path}:Echo", {"size": 1})
    path = written(tmp_path / "needy.py", "class Needy:\n    def __init__(self, *, folder): ...")
    with pytest.raises(ConfigError, match='needs the option "folder"; it takes folder'):
        load(f"{path}:Needy", {})
    path = written(tmp_path / "own.py", textwrap.dedent("""
        from burnish.errors import ConfigError
        class Own:
            def __init__(self, **options): raise ConfigError("the file data.csv is missing")
    """))  # fmt: skip
    with pytest.raises(BurnishError, match=r"^the file data\.csv is missing$"):
        load(f"{path}:Own", {"any": 1})


def test_a_module_may_hold_a_class_or_a_function_that_makes_an_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shop_games"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tasks.py").write_text(
        "from burnish.environments.built_in.dates import Dates\n\n\n"
        "def made(*, level: str = 'numbers'):\n    return Dates(level=level)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert load("shop_games.tasks:made", {}).name == "dates"
    assert load("shop_games.tasks:Dates", {"level": "ordinals"}).name == "dates"
    assert load(f"{package / 'tasks.py'}:made", {"level": "numbers"}).name == "dates"
    with pytest.raises(PluginError, match=r'shop_games\.tasks has no class "Made"'):
        load("shop_games.tasks:Made", {})
    with pytest.raises(ConfigError, match='has no option "levle"; did you mean "level"'):
        load("shop_games.tasks:made", {"levle": "numbers"})
