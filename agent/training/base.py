"""The model that training begins from, as a folder that transformers reads."""

from __future__ import annotations

import json
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from burnish.agent.exports.writing import new_folder
from burnish.errors import ConfigError

CONFIG_FILE = "config.json"


def check_folder(folder: Path) -> Path:
    """The folder of a model, if it looks like one.

    Raises:
        ConfigError: it does not.

    """
    if not (folder / CONFIG_FILE).is_file():
        raise ConfigError(f"{folder} holds no model ({CONFIG_FILE} is missing); give a folder that transformers reads")
    return folder


def unpacked(weights: Path, folder: Path) -> Path:
    """The model of a GGUF file, de-quantised into the folder of 32-bit weights that it becomes; made once."""
    if (folder / CONFIG_FILE).is_file():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where, name = str(weights.parent), weights.name
    with new_folder(folder) as making, redirect_stderr(StringIO()):  # it draws a bar that nothing turns off
        AutoTokenizer.from_pretrained(where, gguf_file=name).save_pretrained(making)
        model = AutoModelForCausalLM.from_pretrained(
            where, gguf_file=name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
        )
        model.save_pretrained(making)
    return folder


def architecture(folder: Path) -> dict[str, int | str]:
    """What the folder's configuration says of the model's shape."""
    try:
        said: dict[str, int | str] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigError(f"{folder / CONFIG_FILE} is no JSON; give a folder that transformers reads") from None
    return said
