"""The kit as a plug-in of pytest, in processes of pytest's own."""

import subprocess
import sys
from pathlib import Path

import flawed
import pytest

FILE = Path(flawed.__file__)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:cacheprovider", "-rs", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_an_environment_on_the_command_line_gets_a_test_a_promise(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--burnish-env", f"{FILE}:Generous", "-k", "hostile or episodes or gold")
    assert code == 1
    assert "hostile unpaid: broken" in said
    assert "given: 'x'" in said
    assert "1 failed, 1 passed, 3 skipped" in said
    assert "it has not the ability episodes" in said
    assert "Traceback" not in said


@pytest.mark.thorough
def test_settings_name_environments_by_paths_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nburnish_environments = ["src/mine.py:Sums"]\nfilterwarnings = ["error"]\n'
    )
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").write_text(FILE.read_text())
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text("def test_own():\n    pass\n")
    code, said = run(tmp_path / "tests", "-k", "own or licence", "--rootdir", str(tmp_path))
    assert code == 0, said
    assert "2 passed" in said


@pytest.mark.thorough
def test_nothing_is_added_nor_imported_where_nothing_is_asked_for(tmp_path: Path) -> None:
    test = "import sys\n\n\ndef test_own():\n    assert 'burnish.environments.kit' not in sys.modules\n"
    (tmp_path / "test_own.py").write_text(test)
    code, said = run(tmp_path)
    assert code == 0, said
    assert "1 passed" in said


@pytest.mark.thorough
def test_a_wrong_name_is_said_in_a_sentence(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--burnish-env", "contcts", "-k", "licence")
    assert code == 1
    assert 'did you mean "contacts"' in said
