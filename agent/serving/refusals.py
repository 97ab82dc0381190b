"""What a request is refused with: a sentence, and the words of OpenAI's protocol for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from burnish.agent.models.client import TryFailed
from burnish.errors import BurnishError, ModelError, ModelRejected
from burnish.types import JsonValue

INVALID, SERVER, UPSTREAM = "invalid_request_error", "server_error", "model_server_error"
TOO_LONG = ("context size", "context length", "context_length", "context window", "too long", "maximum context")
"""Words by which servers say that a prompt does not fit; there is no common code for it."""
SECONDS = "retry-after"


class Refused(Exception):
    """A request is answered by an error. `param` names what of it is wrong, and `code` is for programs."""

    def __init__(
        self,
        said: str,
        *,
        status: int = 400,
        kind: str = INVALID,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(said)
        self.status, self.kind, self.param, self.code = status, kind, param, code
        self.headers = headers

    def body(self) -> dict[str, JsonValue]:
        """The error in OpenAI's shape."""
        return {"error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}}


def of_model(error: ModelError | TryFailed) -> Refused:
    """What the model server failed with, in its words."""
    said = str(error)
    if isinstance(error, ModelRejected) and not error.passing and any(words in said.lower() for words in TOO_LONG):
        return Refused(
            f"The text does not fit into the model's context beside what the program shows: {said}",
            status=413,
            param="messages",
            code="context_length_exceeded",
        )
    wait = error.retry_after if isinstance(error, TryFailed) else None
    headers = {} if wait is None else {SECONDS: str(max(1, round(wait)))}
    return Refused(f"The model server failed: {said}", status=502, kind=UPSTREAM, headers=headers)


def of_fault(error: BurnishError) -> Refused:
    """What this server failed with."""
    return Refused(str(error), status=500, kind=SERVER)
