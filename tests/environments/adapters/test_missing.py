"""An adapter whose library is missing says what to install."""

import sys

import pytest

from burnish.environments.registry import load
from burnish.errors import PluginError

SPECS = [
    ("rg:leg_counting", "reasoning_gym", "rg"),
    ("gym:Taxi-v4", "gymnasium", "gym"),
    ("tw:custom", "textworld", "tw"),
]


@pytest.mark.parametrize(("spec", "module", "extra"), SPECS)
def test_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch, spec: str, module: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(PluginError, match=rf"needs {module}; install it with `pip install 'burnish\[{extra}\]'`"):
        load(spec, {})
