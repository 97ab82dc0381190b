"""A scripted reflector of known skill, for `peers.py`: it knows a good instruction, and gives it now and then."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

_BURNISH, _GEPA = "<instruction>", "```"
_PROBE = re.compile(r"Instruction:\n(?P<instruction>.*?)\n\nFeedback on the answers:\n(?P<feedback>.*)", re.DOTALL)
_CURRENT = re.compile(r"(?:Instruction:\n|```\n)(?P<current>.*?)(?:\n\nAnswers that failed|\n```)", re.DOTALL)


class AbleReflector:
    """With probability `skill` the good instruction, otherwise the current one with a sentence that says nothing.

    It answers in the format that it is asked in, Burnish's or GEPA's, and passes Burnish's probe.
    """

    def __init__(self, good: str, *, skill: float) -> None:
        self._good, self._skill = good, skill

    def __call__(self, body: Mapping[str, Any]) -> str:
        """The reply to a request, decided by its text and its seed."""
        asked = "\n".join(str(message["content"]) for message in body["messages"])
        rng = random.Random(f"{asked} {body.get('seed')}")
        if probed := _PROBE.search(asked):
            said = f"{probed['instruction']} Note: {probed['feedback']}."
        elif rng.random() < self._skill:
            said = self._good
        else:
            found = _CURRENT.search(asked)
            said = f"{found['current'] if found else ''} Take care, attempt {rng.randrange(1000)}.".strip()
        return f"<instruction>{said}</instruction>" if _BURNISH in asked else f"```\n{said}\n```"
