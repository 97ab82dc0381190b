"""Build hook: editable installs of a package whose folders lie side by side.

The top-level folders make up one package `burnish` (`core/` is its root). A wheel gets that shape from
`sources`; an editable install cannot (hatchling refuses it), so for it this hook lays out links under
`.editable/burnish`, which type checkers and editors follow. At run time `core/__init__.py` resolves them, so
tracebacks and coverage name the real files.

Run as a script, it renews the links after a file was added to `core/`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a script, outside a build
    BuildHookInterface = object  # type: ignore[assignment, misc]

PACKAGES = ("agent", "memory", "environments", "policies")


def link(root: Path) -> None:
    """Lay out `.editable/burnish` anew with relative links into `root`."""
    target = root / ".editable" / "burnish"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    sources = [p for p in (root / "core").iterdir() if p.suffix in {".py", ".toml", ".typed"}]
    for source in [*sources, *(root / name for name in PACKAGES)]:
        (target / source.name).symlink_to(os.path.relpath(source, target))


class EditableLinks(BuildHookInterface):  # type: ignore[misc, valid-type]
    """Replaces `sources` by links in editable builds."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each build; `version` is "editable" or "standard"."""
        if self.target_name != "wheel" or version != "editable":
            return
        link(Path(self.root))
        build_data["force_include_editable"] = {}
        self.build_config.target_config["dev-mode-dirs"] = [".editable"]
        self.build_config.target_config["sources"] = {}


if __name__ == "__main__":
    link(Path(__file__).parent)
