"""A PEFT adapter as the GGUF file that llama.cpp adds to a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.agent.training.base import architecture
from burnish.errors import ConfigError

PREFIX = "base_model.model."


def check_convertible(base: Path) -> None:
    """Raise a `ConfigError` for a model whose adapters are not known to be converted right."""
    kind = architecture(base).get("model_type")
    if kind != "llama":
        raise ConfigError(
            f"adapters of a {kind} model cannot be converted to GGUF here, only those of a llama one; train a folder "
            "of its weights instead (--model), and serve what comes of it"
        )


def write_gguf(adapter: Path, base: Path, file: Path) -> None:
    """Write the adapter in the folder `adapter` to `file`, all of it or nothing.

    llama.cpp turns the two halves of each rotated head into pairs that lie side by side, so the rows of what is added
    to queries and keys are put in that order (`LlamaModel.permute` of its convert_hf_to_gguf.py).
    """
    import gguf
    from safetensors.numpy import load_file

    shape = architecture(base)
    heads = {"q_proj": int(shape["num_attention_heads"]), "k_proj": int(shape["num_key_value_heads"])}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, int(shape["num_hidden_layers"]))
    part = file.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", json.loads((adapter / "adapter_config.json").read_text())["lora_alpha"])
    for name, values in sorted(load_file(adapter / "adapter_model.safetensors").items()):
        module, _, side = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".lora_")
        ours = heads.get(module.rpartition(".")[2]) if side == "B" else None
        tensor = _paired(values, ours) if ours else values
        writer.add_tensor(f"{names.get_name(module)}.weight.lora_{side.lower()}", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(file)


def _paired(rows: NDArray[Any], heads: int) -> NDArray[Any]:
    """Rows of shape (heads * 2 * n, d): row i of each head's first half, then row i of its second."""
    half = len(rows) // heads // 2
    return rows.reshape(heads, 2, half, -1).swapaxes(1, 2).reshape(rows.shape)
