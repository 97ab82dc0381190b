"""The tables of a run's configuration that say which models it asks, and how they are reached."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from burnish.limits import AboveZero, Count, NonNegative, Positive
from burnish.paths import FileName
from burnish.section import Section
from burnish.servers import ExtraBody, Headers, KeyVariable, ModelUrl, ProxyUrl, Query, ServerUrl

OF_SERVERS = frozenset(
    {
        "api_key_env",
        "ca_file",
        "concurrency",
        "fallback",
        "headers",
        "patience_seconds",
        "proxy",
        "query",
        "retries",
        "timeout_seconds",
        "url",
        "usd_per_million_cached_tokens",
        "usd_per_million_completion_tokens",
        "usd_per_million_prompt_tokens",
    }
)
"""Settings of a model that say how it is reached, and nothing of what it answers."""


class ServerConfig(Section):
    """A server with an OpenAI-compatible chat API, which is asked as long as a role's own does not answer."""

    url: ServerUrl
    """The base of its API, as for the role itself."""
    name: str = ""
    """The model's name as this server knows it. Empty: the same as the role's."""
    api_key_env: KeyVariable = ""
    """The *name* of the environment variable that holds its API key. Empty: no key is sent."""
    headers: Headers = Field(default_factory=dict)
    """Further headers; `$NAME` stands for an environment variable."""
    query: Query = Field(default_factory=dict)
    """Parameters for its URL; `$NAME` stands for an environment variable."""
    extra_body: ExtraBody = Field(default_factory=dict)
    """Further fields of each request."""


class ModelConfig(Section):
    """One model behind an OpenAI-compatible chat API, or the embedded one."""

    url: ModelUrl = "embedded"
    """`"embedded"`, or the base of an OpenAI-compatible API, such as `http://127.0.0.1:11434/v1`. It may have a query,
    and may be the full address, with `/chat/completions`.
    """
    name: str = ""
    """The model's name as the server knows it. Empty: none is sent."""
    file: FileName = ""
    """For the embedded model: a GGUF file to serve instead of the packaged model."""
    adapter: FileName = ""
    """For the embedded task model: an adapter that `burnish train` made, as its folder or the GGUF file. The seed
    program answers with it. Reflector and judge take none.
    """
    api_key_env: KeyVariable = ""
    """The *name* of the environment variable that holds the API key. Empty: no key is sent."""
    headers: Headers = Field(default_factory=dict)
    """Further headers, such as `{ api-key = "$AZURE_KEY" }`: `$NAME` stands for an environment variable."""
    query: Query = Field(default_factory=dict)
    """Parameters for the URL, such as `{ api-version = "2024-10-21" }`; `$NAME` stands for an environment variable."""
    extra_body: ExtraBody = Field(default_factory=dict)
    """Further fields of each request, such as `{ reasoning_effort = "low" }`."""
    drop: tuple[str, ...] = ()
    """Fields that are left out of each request, such as `["top_p", "seed"]`. What a server refuses by name is left out
    by itself.
    """
    system_role: Literal["system", "developer", "user"] = "system"
    """The role of the instruction. `"user"`: it stands in front of the first message, for models without such a role.
    """
    ca_file: FileName = ""
    """Certificates to trust instead of the usual ones, a PEM file."""
    proxy: ProxyUrl = ""
    """The URL of a proxy, or `"environment"` for what `HTTPS_PROXY` and its like say. Empty: none."""
    fallback: ServerConfig | None = None
    """Another server of the same model, which is asked as long as the first one does not answer. Left out, the run
    waits.
    """
    concurrency: Positive = 16
    """Calls in flight at a time. The embedded model takes at most 4."""
    timeout_seconds: AboveZero = 120.0
    """Longest wait for one answer."""
    retries: Count = 5
    """How often a call that failed for a passing reason is tried again, as long as the server has not answered anything
    in this run, or while it answers other calls.
    """
    patience_seconds: NonNegative = 4 * 3600.0
    """How long a run waits for a server that has answered before and now does not. All calls to it pause meanwhile, and
    one at a time tries again.
    """
    template_tokens: Count = 32
    """Upper bound of the tokens that the server's chat template adds to one message. It is part of the worst case that
    is reserved before a call.
    """
    thinking: Literal["marked", "tags"] = "marked"
    """What is left out of answers as thought: what the server marks as such, or also what stands in the text itself,
    between tags such as `<think>` or in a channel before the final one.
    """
    grammars: bool = False
    """Whether the server can hold answers to a grammar in GBNF, as llama.cpp does. The embedded model always can."""
    usd_per_million_prompt_tokens: NonNegative | None = None
    """Price of a million prompt tokens in US dollars. Left out, it is looked up by the model's name, see
    [Prices](own-model.md#prices).
    """
    usd_per_million_completion_tokens: NonNegative | None = None
    """Price of a million answer tokens, thinking included, in US dollars. Left out, it is looked up likewise."""
    usd_per_million_cached_tokens: NonNegative | None = None
    """Price of a million prompt tokens that the server had in its cache. Left out, it is looked up likewise, or is that
    of other prompt tokens.
    """

    @property
    def second(self) -> ModelConfig | None:
        """The model at the server that is asked as long as the first one does not answer, if one is given."""
        if self.fallback is None:
            return None
        told = {key: value for key, value in self.fallback.model_dump().items() if key != "name" or value}
        return self.model_copy(update={**told, "fallback": None})

    @property
    def takes_grammars(self) -> bool:
        """Whether answers can be held to a grammar."""
        return self.grammars or self.url == "embedded"


class ModelsConfig(Section):
    """The models of a run by their role."""

    task: ModelConfig = ModelConfig()
    """The model that answers tasks."""
    reflector: ModelConfig | None = None
    """The model that rewrites the prompt after failures. Left out, it is the task model."""
    judge: ModelConfig | None = None
    """The model that rates answers. Left out, it is the task model."""
    teacher: ModelConfig | None = None
    """A stronger model that answers some tasks at which the task model failed. Left out, there is none."""

    @property
    def by_role(self) -> dict[str, ModelConfig]:
        """The models that have a table of their own, and the task model."""
        named = {"task": self.task, "reflector": self.reflector, "judge": self.judge, "teacher": self.teacher}
        return {role: model for role, model in named.items() if model is not None}
