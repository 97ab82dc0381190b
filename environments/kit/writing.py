"""Writing a plug-in package to begin from: an environment, a test that runs the kit on it, and what installs it."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from burnish.environments.registry import BUILT_IN
from burnish.errors import ConfigError

NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
LONGEST_NAME = 40
TEMPLATE = "burnish.environments.kit.template"


def write_package(folder: Path) -> str:
    """Write a package for an environment of the folder's name, and give the spec by which it loads.

    Raises:
        ConfigError: the name will not do, the folder is there already, or it cannot be written.

    """
    name = folder.name
    _check(name, folder)
    module = f"burnish_{name.replace('-', '_')}"
    source = (files(TEMPLATE) / "environment.py").read_text(encoding="utf-8")
    class_name = _class_name(name, source)
    words = {
        "burnish-template-name": f"burnish-{name.replace('_', '-')}",
        "TemplateName": class_name,
        "template_name": name,
        "module_name": module,
    }
    written = {
        "pyproject.toml": "pyproject.toml.txt",
        "README.md": "README.md.txt",
        f"src/{module}.py": "environment.py",
        f"tests/test_{module}.py": "test_environment.py.txt",
    }
    try:
        folder.mkdir(parents=True)
        for target, template in written.items():
            text = (files(TEMPLATE) / template).read_text(encoding="utf-8")
            for placeholder, word in words.items():
                text = text.replace(placeholder, word)
            path = folder / target
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error
    return f"{folder / 'src' / module}.py:{class_name}"


def _check(name: str, folder: Path) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigError(
            f'an environment cannot be called "{name}"; take small letters and digits, beginning with a letter, '
            f"with single - or _ between them, at most {LONGEST_NAME}, such as word-sums"
        )
    if name in BUILT_IN:
        raise ConfigError(f'"{name}" is the name of a built-in environment; take another')
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"{folder} is there already; take another name or folder")


def _class_name(name: str, source: str) -> str:
    """The name in the manner of classes, told from the names that the template's code uses."""
    class_name = "".join(part.capitalize() for part in re.split("[-_]", name))
    taken = keyword.iskeyword(class_name) or re.search(rf"\b{class_name}\b", source)
    return f"{class_name}Environment" if taken else class_name
