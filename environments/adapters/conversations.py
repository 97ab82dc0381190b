"""Prompts that stand in a file as conversations: lists of messages, as chat data sets have them."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.types import JsonValue

SPEAKERS = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bot": "assistant"}
"""Names of roles in ShareGPT's manner, as they are elsewhere."""
NAMES = {"system": "", "user": "User: ", "assistant": "Assistant: "}


def messages_in(value: JsonValue) -> list[tuple[str, str]] | None:
    """The roles and texts of a conversation: `role` and `content` as OpenAI has them, or `from` and `value` as ShareGPT
    has; None where a value is none.
    """
    if not isinstance(value, list) or not value:
        return None
    messages = []
    for one in value:
        if not isinstance(one, dict):
            return None
        role, text = one.get("role", one.get("from")), one.get("content", one.get("value"))
        if not isinstance(role, str) or not isinstance(text, str):
            return None
        messages.append((SPEAKERS.get(role, role), text))
    return messages


def asked(messages: Sequence[tuple[str, str]]) -> str:
    """What a conversation asks, before the assistant's last answer. A single question stands as it is; where others
    went before, all is told with the names of the speakers.
    """
    before = list(messages[:-1] if messages[-1][0] == "assistant" else messages)
    told = [text for role, text in before if role == "system"]
    said = [(role, text) for role, text in before if role != "system"]
    turns = [text for _, text in said] if len(said) == 1 else [f"{NAMES.get(role, '')}{text}" for role, text in said]
    return "\n\n".join([*told, *turns])


def answered(messages: Sequence[tuple[str, str]]) -> str | None:
    """The assistant's last answer, where a conversation ends with one."""
    role, text = messages[-1]
    return text if role == "assistant" else None
