"""The kit for pytest: `pytest --burnish-env SPEC` adds a test for each promise of an environment.

In a project's settings, `burnish_environments = ["src/shop.py:Shop"]` does the same at every run. Where neither is
given, nothing of the kit is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from burnish.environments.kit.findings import Conformance

OPTION = "--burnish-env"
SETTING = "burnish_environments"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    group = parser.getgroup("burnish")
    said = "test the promises of this Burnish environment: a name, path.py:Class, or scheme:set"
    group.addoption(OPTION, action="append", default=[], metavar="SPEC", help=said)
    parser.addini(SETTING, "Burnish environments whose promises are tested", type="linelist", default=[])


@pytest.hookimpl(tryfirst=True)  # so that -k and --lf choose among these tests too
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests of the environments that were asked for."""
    folders = ((SETTING, config.rootpath), (OPTION, config.invocation_params.dir))
    given = {SETTING: config.getini(SETTING), OPTION: config.getoption(OPTION)}
    specs = [_placed(spec, folder) for name, folder in folders for spec in given[name]]
    for spec in dict.fromkeys(specs):
        items += EnvironmentCollector.from_parent(session, name=spec, nodeid=spec).collect()


class EnvironmentCollector(pytest.Collector):
    """The promises of one environment, which is checked when the first of them is tested."""

    _found: Conformance | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each promise."""
        from burnish.environments.kit.table import PROMISES

        for promise in PROMISES:
            yield PromiseItem.from_parent(self, name=promise)

    def found(self) -> Conformance:
        """The findings on all promises of this environment that were chosen."""
        from burnish.environments.kit.conformance import check

        if self._found is None:
            chosen = [item.name for item in self.session.items if item.parent is self]
            self._found = check(self.name, only=chosen)
        return self._found


class PromiseItem(pytest.Item):
    """One promise: it fails when broken, and is skipped where it does not apply or cannot be tried."""

    def runtest(self) -> None:
        """Look at the finding."""
        assert isinstance(self.parent, EnvironmentCollector)
        finding = self.parent.found().finding(self.name)
        if finding.outcome == "broken":
            raise AssertionError(finding.text)
        if finding.outcome in {"unknown", "not applicable"}:
            pytest.skip(finding.detail)
        self.add_report_section("call", finding.outcome, finding.text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002 (pytest's)
        """The finding alone: a traceback would show the kit, not the environment."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test is: with the environment."""
        return self.config.rootpath, None, f"{self.parent.name if self.parent else ''} {self.name}"


def _placed(spec: str, folder: Path) -> str:
    """A file's path is taken from the folder in which it was written down."""
    path, colon, class_name = spec.rpartition(":")
    return f"{folder / path}:{class_name}" if colon and path.endswith(".py") else spec
