"""Champions with fixed exemplars in the libraries they are written for: what these send is what a run would send."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fixing import TASKS, expected, fixed, renderings

from burnish.agent.exports.fixed import FixedProgram
from burnish.agent.exports.fixed_formats import fixed_text
from burnish.agent.models.scripted import ScriptedServer

PAGE = Path(__file__).parents[4] / "docs" / "program.md"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "cache"))


class Asked:
    """A server that answers every request with the same, and the bodies it was sent."""

    def __init__(self, answer: str) -> None:
        self.answer, self.bodies = answer, list[Mapping[str, Any]]()

    def __call__(self, body: Mapping[str, Any]) -> str:
        self.bodies.append(body)
        return self.answer


def as_sent(one: FixedProgram, task: str) -> list[dict[str, str]]:
    """The messages of a run, as a chat API takes them."""
    return [{"role": m.role, "content": m.content} for m in expected(one, task)]


@pytest.mark.filterwarnings("ignore:The function .load. is in beta")
def test_langchain_makes_the_messages_of_the_run() -> None:
    core, messages = import_module("langchain_core.load"), import_module("langchain_core.messages")
    for one in renderings():
        template = core.load(json.loads(fixed_text(one, "langchain")), allowed_objects="core")
        assert template.input_variables == ["task"]
        for task in TASKS:
            said = template.invoke({"task": task}).to_messages()
            assert messages.convert_to_openai_messages(said) == as_sent(one, task)
        assert template.metadata["burnish"]["chosen"] == one.choice.said
        again = core.load(core.dumpd(template), allowed_objects="core")
        assert again.invoke({"task": TASKS[1]}) == template.invoke({"task": TASKS[1]}), "LangChain writes it the same"


def test_openai_sends_the_messages_of_the_run() -> None:
    openai, asked = import_module("openai"), Asked("done")
    with ScriptedServer(asked) as server, openai.OpenAI(base_url=server.base_url, api_key="none") as client:
        for one in renderings():
            said = json.loads(fixed_text(one, "messages"))
            *head, last = said["messages"]
            for task in TASKS:
                filled = {**last, "content": last["content"].replace(said["place"], task)}
                answer = client.chat.completions.create(model="m", messages=[*head, filled], **said["parameters"])
                assert answer.choices[0].message.content == "done"
                assert asked.bodies[-1] == {"model": "m", "messages": as_sent(one, task), **said["parameters"]}


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    """Loads a champion as a user of DSPy does."""
    dspy = import_module("dspy")

    def load(one: FixedProgram) -> Any:
        path = tmp_path / "program.json"
        path.write_text(fixed_text(one, "dspy"), encoding="utf-8")
        program = dspy.Predict("task -> answer")
        program.load(path)
        return program

    return load


@pytest.fixture
def dspy_server() -> Iterator[tuple[Asked, Any]]:
    """A server, and DSPy's model on it."""
    asked = Asked("[[ ## answer ## ]]\ndone\n\n[[ ## completed ## ]]")
    with ScriptedServer(asked) as server:
        dspy = import_module("dspy")
        lm = dspy.LM("openai/m", api_base=server.base_url, api_key="none", cache=False, temperature=0.0, max_tokens=32)
        yield asked, lm


FIELD = r"\[\[ ## {} ## \]\]\n"


def unwrapped(message: Mapping[str, str]) -> dict[str, str]:
    """What stands in the field of a message by DSPy's ChatAdapter."""
    text = message["content"]
    if message["role"] == "system":
        said = text.partition("your objective is: ")[2]
        return {"role": "system", "content": re.sub(r"^ {8}", "", said, flags=re.MULTILINE).removeprefix("\n")}
    name = "task" if message["role"] == "user" else "answer"
    text = re.sub(f"^{FIELD.format(name)}", "", text)
    text = text.removesuffix("\n\n[[ ## completed ## ]]\n")
    return {
        "role": message["role"],
        "content": re.sub(r"\n\nRespond with the corresponding output fields.*$", "", text),
    }


@pytest.mark.filterwarnings("ignore")
def test_dspy_sends_the_texts_of_the_run_in_words_of_its_own(loaded: Any, dspy_server: tuple[Asked, Any]) -> None:
    """Instruction, exemplars and task in the same turns; but for blanks at the ends, which its adapter cuts off."""
    asked, lm = dspy_server
    dspy = import_module("dspy")
    for rendering in ("turns", "block", "beside"):
        one = fixed(rendering=rendering)
        program = loaded(one)
        with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
            assert program(task=TASKS[0]).answer == "done"
        sent = [unwrapped(message) for message in asked.bodies[-1]["messages"]]
        wanted = as_sent(one.turns, TASKS[0])
        assert [(m["role"], m["content"].strip()) for m in sent] == [(m["role"], m["content"].strip()) for m in wanted]


@pytest.mark.filterwarnings("ignore")
def test_with_the_adapter_of_the_page_dspy_sends_just_the_messages_of_the_run(
    loaded: Any, dspy_server: tuple[Asked, Any]
) -> None:
    asked, lm = dspy_server
    block = re.search(r"```python\n# plain.py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    page: dict[str, Any] = {}
    exec(block[1], page)
    dspy = import_module("dspy")
    for one in renderings():
        for task in TASKS:
            with dspy.context(lm=lm, adapter=page["Plain"]()):
                assert loaded(one)(task=task).answer == asked.answer
            *head, last = as_sent(one.turns, task)
            assert asked.bodies[-1]["messages"] == [*head, {"role": "user", "content": task}]
            assert (last["content"] == task) == (not one.program.decoding.tags), "a tag it cannot know of"


def test_dspy_takes_the_file_without_a_warning_and_writes_it_the_same(
    loaded: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = loaded(fixed())
    logging.getLogger("dspy").addHandler(caplog.handler)  # its records go no further up
    try:
        program.load(tmp_path / "program.json")
        assert caplog.records == []
        program.save(tmp_path / "again.json")
        again, first = (json.loads((tmp_path / name).read_text()) for name in ("again.json", "program.json"))
        assert {k: again[k] for k in ("demos", "signature", "lm")} == {
            k: first[k] for k in ("demos", "signature", "lm")
        }
        first["metadata"]["dependency_versions"] = {"dspy": "3.0.0"}
        (tmp_path / "old.json").write_text(json.dumps(first))
        program.load(tmp_path / "old.json")
        assert "mismatch" in caplog.text, "which is how it warns"
    finally:
        logging.getLogger("dspy").removeHandler(caplog.handler)
