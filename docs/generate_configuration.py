"""Prints docs/configuration.md: every key of run.toml as it is declared.

    python docs/generate_configuration.py > docs/configuration.md

Types, limits, defaults and meanings are read from the declarations, see `core/keys.py`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from itertools import groupby

from burnish.agent.loop.keys import run_tables
from burnish.environments.registry import BUILT_IN, load
from burnish.keys import Key, Table

HEAD = """# Configuration

<!-- printed by docs/generate_configuration.py: change that, not this page -->

A run is decided by its configuration. Every key has a default; an unknown key or a wrong value is refused with the
nearest right one. A value is taken from, in this order:

1. the options of `burnish run`: `--env`, `--model`, `--seed`, `--budget-calls`, `--budget-tokens`, `--budget-usd`,
   `--budget-seconds`, `--iterations`, and `-o key.sub=value` for any key, as often as needed;
2. the TOML file given to `burnish run`, for example `burnish run examples/contacts.toml --dir runs/first`;
3. the defaults below.

The value of `-o` is read as TOML, and as text where it is none: `-o sampling.tasks=16`, `-o decoding.format=json`,
`-o 'operators=["memory", "rules"]'`. `-o` is applied last, so it overrides the other options too. In Python,
`RunConfig.parse` takes the same keys as nested dictionaries, and `RunConfig.load` reads a file. A path that does not
exist in the current folder is looked for beside the TOML file.

`burnish config sampling.tasks` prints what this page says of a key, and `burnish config sampling` of a table.

What a run was started with, all defaults written out, is in its `run.toml`. `burnish resume` reads that file; it can
change the budget and nothing else.
"""

POLICIES = """## [policies]

One table for each kind of decision. `name` chooses an implementation, the first one by default; the other keys are
its options:

```toml
[policies.curriculum]
name = "uniform"

[policies.acceptance]
cap = 120
```
"""


ENVIRONMENTS = """## Options of the built-in environments

Given in `[environment_options]`, or as `-o environment_options.shapes=4`.
"""


def page() -> str:
    """The whole page."""
    made = run_tables()
    kinds = {key.path: key.meaning for table in made if table.paths == ("policies",) for key in table.keys}
    lines = [HEAD]
    for paths, same in groupby(made, key=lambda table: table.paths):
        lines += [POLICIES] if paths == ("policies",) else chapter(list(same), kinds.get(paths[0], ""))
    return linked("\n".join([*lines, *environments()]))


def chapter(tables: list[Table], kind: str) -> Iterator[str]:
    """The tables that may stand at one place; `kind` says of those of policies what is decided."""
    paths = tables[0].paths
    heading = ", ".join(f"[{path}]" for path in paths) if paths[0] else "Top level"
    yield f"{'###' if '.' in heading else '##'} {heading}\n"
    if kind:
        yield f"{kind}\n"
    for number, table in enumerate(tables):
        if table.choice:
            yield f"`name = {json.dumps(table.choice)}`{', the default' if number == 0 else ''}\n"
        if paths[0]:
            yield f"{table.meaning}\n"
        yield from rows([key for key in table.keys if not table.choice or key.name != "name"])


def rows(keys: list[Key]) -> Iterator[str]:
    """A Markdown table of keys, nothing where there are none."""
    if keys:
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        for key in keys:
            default = key.default if key.default in {"none", "see below"} else f"`{key.default}`"
            yield f"| `{key.name}` | {key.kind} | {default} | {key.meaning} |"
        yield ""


def environments() -> Iterator[str]:
    """The options of the built-in environments."""
    yield f"{ENVIRONMENTS}\n| environment | option | default |\n|---|---|---|"
    for name in BUILT_IN:
        for option in inspect.signature(type(load(name, {}))).parameters.values():
            yield f"| `{name}` | `{option.name}` | `{json.dumps(option.default)}` |"


def linked(text: str) -> str:
    """The text with links to the pages that it names."""
    return re.sub(r"\bdocs/(\w+\.md)\b(?! -->)", r"[\1](\1)", text)


if __name__ == "__main__":
    print(page())
