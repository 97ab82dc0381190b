"""Training and conversion with the real TRL, PEFT, gguf and llama.cpp."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.lora_adapters import AdapterServers, adapter_id
from burnish.agent.training.conversion import write_gguf
from burnish.agent.training.data import Example
from burnish.agent.training.libraries import quietly
from burnish.agent.training.lora import LOSSES, Learnt, train_lora
from burnish.agent.training.making import merge
from burnish.config import TrainConfig
from burnish.errors import ConfigError, Interrupted, StorageError

SFT = TrainConfig(steps=6, batch=2, rank=8, learning_rate=2e-3)

KILLED = """
import json, os, signal, sys
from pathlib import Path
from burnish.agent.models.embedded import brief_spins
with brief_spins():
    import torch
from burnish.agent.training import lora
from burnish.config import TrainConfig

base, out, settings, examples = sys.argv[1:]
lora.CHECKPOINT_STEPS = 1

def step(number, steps, loss):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)

lora.train_lora(
    Path(base), json.loads(examples), Path(out), TrainConfig.model_validate_json(settings), seed=7, step=step
)
"""


def going_on(_step: int, _steps: int, _loss: float) -> None:
    """Never stops."""


@pytest.fixture(scope="module")
def trained(base: Path, examples: list[Example], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Learnt]:
    """The folder of a whole training, with its adapter as GGUF, and what it came to."""
    out = tmp_path_factory.mktemp("trained")
    with quietly():
        learnt = train_lora(base, examples, out, SFT, seed=7, step=going_on)
    write_gguf(out / "adapter", base, out / "adapter.gguf")
    return out, learnt


def losses(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / LOSSES).read_text(encoding="utf-8").splitlines()]


def asked(url: str, example: Example) -> tuple[str, dict[str, float]]:
    """A server's greedy answer, and the log-probabilities of its first token."""
    body = {"messages": example["prompt"], "temperature": 0, "max_tokens": 12, "logprobs": True, "top_logprobs": 5}
    choice = httpx.post(f"{url}/chat/completions", json=body, timeout=60).json()["choices"][0]
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    return choice["message"]["content"], {one["token"]: one["logprob"] for one in first}


def expected(model: Any, tokenizer: Any, example: Example) -> tuple[str, dict[str, float]]:
    """The same of transformers."""
    import torch

    ids = tokenizer.apply_chat_template(
        example["prompt"], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        said = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1] :]
        top = model(**ids).logits[0, -1].log_softmax(-1).topk(5)
    names = [tokenizer.decode([i]) for i in top.indices.tolist()]
    return tokenizer.decode(said, skip_special_tokens=True), dict(zip(names, top.values.tolist(), strict=True))


def test_the_loss_of_each_step_is_written_down_and_falls(trained: tuple[Path, Learnt]) -> None:
    out, learnt = trained
    assert [line["step"] for line in losses(out)] == [1, 2, 3, 4, 5, 6]
    assert (losses(out)[0]["loss"], losses(out)[-1]["loss"]) == (learnt.first_loss, learnt.last_loss)
    assert learnt.last_loss < learnt.first_loss / 4
    assert (learnt.examples, learnt.truncated, learnt.dropped, learnt.steps) == (4, 0, 0, 6)


def test_the_served_adapter_answers_as_the_trained_one_and_without_it_the_base(
    trained: tuple[Path, Learnt], base: Path, examples: list[Example]
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, _ = trained
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base)
    plain = [expected(model, tokenizer, example) for example in examples]
    adapted = PeftModel.from_pretrained(model, str(out / "adapter"))
    learnt = [expected(adapted, tokenizer, example) for example in examples]
    servers = AdapterServers(model_file(None), {"a": out / "adapter.gguf"}, slots=1)
    with EmbeddedServer(model_file(None), slots=1) as server:
        for example, before, after in zip(examples, plain, learnt, strict=True):
            text, first = asked(servers.url("a"), example)
            assert text == after[0] == example["completion"][0]["content"]
            likeliest = max(first, key=lambda token: first[token])
            assert first[likeliest] == pytest.approx(after[1][likeliest], abs=0.1)
            text, first = asked(server.base_url, example)
            likeliest = max(first, key=lambda token: first[token])
            assert likeliest == max(before[1], key=lambda token: before[1][token])
            assert first[likeliest] == pytest.approx(before[1][likeliest], abs=0.2)
            assert not text.startswith("COLOUR")
    servers.stop_all()
    with pytest.raises(StorageError, match="the adapter b is gone"):
        servers.url("b")


def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    trained: tuple[Path, Learnt], base: Path, examples: list[Example], tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    out.mkdir()
    arguments = [str(base), str(out), SFT.model_dump_json(), json.dumps(examples)]
    child = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True)
    assert child.returncode == -9, child.stderr
    assert [line["step"] for line in losses(out)] == [1, 2, 3]
    (out / "checkpoints" / "checkpoint-4").mkdir()  # one that the kill left torn
    steps = []
    learnt = train_lora(base, examples, out, SFT, seed=7, step=lambda step, _steps, _loss: steps.append(step))
    assert steps == [3, 4, 5, 6]
    write_gguf(out / "adapter", base, out / "adapter.gguf")
    whole, as_a_whole = trained
    assert losses(out) == losses(whole)
    assert learnt == as_a_whole
    assert adapter_id(out / "adapter.gguf") == adapter_id(whole / "adapter.gguf")


def test_a_training_that_is_stopped_keeps_what_is_done(base: Path, examples: list[Example], tmp_path: Path) -> None:
    def stop(_step: int, _steps: int, _loss: float) -> None:
        raise Interrupted("enough")

    with pytest.raises(Interrupted, match="enough"):
        train_lora(base, examples, tmp_path, SFT, seed=7, step=stop)
    assert [path.name for path in (tmp_path / "checkpoints").glob("checkpoint-*")] == ["checkpoint-1"]


def test_preferences_are_learnt_by_dpo_and_merged_weights_answer_alike(
    base: Path, examples: list[Example], tmp_path: Path
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    wrong: list[Example] = [
        {"prompt": e["prompt"], "chosen": e["completion"], "rejected": [{"role": "assistant", "content": "A colour."}]}
        for e in examples
    ]
    settings = TrainConfig(method="dpo", steps=3, batch=2, rank=4, learning_rate=1e-3)
    learnt = train_lora(base, wrong, tmp_path, settings, seed=7, step=going_on)
    assert learnt.first_loss == pytest.approx(0.693, abs=0.01)  # ln 2: nothing is preferred yet
    assert learnt.last_loss < 0.5
    merge(base, tmp_path / "adapter", tmp_path / "merged")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(tmp_path / "adapter"))
    one, other = (expected(model, tokenizer, examples[0])[1] for model in (merged, adapted))
    assert one == pytest.approx(other, abs=1e-3)


def test_rows_too_long_are_cut_or_left_out_and_counted(base: Path, examples: list[Example], tmp_path: Path) -> None:
    long: Example = {
        "prompt": [{"role": "user", "content": "word " * 60}],
        "completion": [{"role": "assistant", "content": "no room"}],
    }
    cut: Example = {"prompt": examples[0]["prompt"], "completion": [{"role": "assistant", "content": "word " * 60}]}
    settings = TrainConfig(steps=1, batch=2, rank=2, max_length=40)
    learnt = train_lora(base, [*examples, long, cut], tmp_path, settings, seed=7, step=going_on)
    assert (learnt.examples, learnt.truncated, learnt.dropped) == (5, 1, 1)
    with pytest.raises(ConfigError, match=r"of 2 examples 2 have a prompt of 40 tokens or more.*--max-length"):
        train_lora(base, [long, long], tmp_path / "none", settings, seed=7, step=going_on)
