"""The walls between folders, read off the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "core": set[str](),
    "environments": {"core"},
    "memory": {"core"},
    "policies": {"core"},
    "agent": {"core", "environments", "memory", "policies"},
}
FOLDERS = tuple(MAY_IMPORT)
THIRD_PARTY_WALLS = {
    "chromadb": ("memory",),
    "sentence_transformers": ("memory",),
    "torch": ("memory", "agent/training"),
    "transformers": ("memory", "agent/training"),
    "trl": ("agent/training",),
    "peft": ("agent/training",),
    "datasets": ("agent/training",),
    "gguf": ("agent/training",),
    "langgraph": ("agent",),
    "httpx": ("agent",),
    "typer": ("agent",),
    "rich": ("agent",),
    "xllamacpp": ("agent",),
    "matplotlib": ("agent",),
}
HEAVY = (
    *("chromadb", "sentence_transformers", "torch", "transformers", "langgraph", "matplotlib", "xllamacpp", "scipy"),
    *("trl", "peft", "datasets", "gguf"),
)
LONGEST_FILE = 350
BOUNDARY = "environments/foreign.py"
DOOR = "core/__main__.py"
"""`python -m burnish`: the one file of core that opens onto agent."""
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
EVERYTHING = sorted({*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")})


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Full names of the modules imported by some nodes; relative imports keep their dots."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {f"{module}.{a.name}" for a in node.names} if module == "burnish" else {module}
    return names


def outside_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those below `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from outside_type_checking(child)


def outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from outside_functions(child)


def ours(path: Path, modules: set[str]) -> set[str]:
    """The folders of ours among imported modules."""
    inside = {m.removeprefix("burnish.") for m in modules if m.startswith("burnish.")}
    tops = {m.partition(".")[0] for m in inside}
    assert not {m for m in modules if m.startswith(".")}, f"{name_of(path)} imports relatively"
    return {top if top in FOLDERS else "core" for top in tops}


def test_the_walk_sees_every_folder() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(FOLDERS)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_folder_imports_only_the_folders_it_may(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    tree = parsed(path)
    # The package root names agent's entry points for type checkers and loads them on first use.
    nodes = outside_type_checking(tree) if name_of(path) == "core/__init__.py" else ast.walk(tree)
    through_the_door = {"agent"} if name_of(path) == DOOR else set()
    assert ours(path, imported(nodes)) <= {folder, *MAY_IMPORT[folder], *through_the_door}


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {"burnish." + name_of(p).removeprefix("core/").removesuffix(".py").replace("/", "."): p for p in SOURCES}
    graph = {name: imported(outside_functions(parsed(path))) & names.keys() for name, path in names.items()}
    assert sum(map(len, graph.values())) > len(graph)
    assert list(TopologicalSorter(graph).static_order())


def test_the_package_root_loads_agent_only_when_asked() -> None:
    root = parsed(ROOT / "core/__init__.py")
    strings = {n.value for n in ast.walk(root) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert {s for s in strings if s.startswith("burnish.")} == {
        "burnish.config",
        "burnish.agent.api",
        "burnish.agent.program_file",
        "burnish.agent.runs",
        "burnish.agent.verify",
    }


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_library_stays_behind_its_wall(path: Path) -> None:
    for module in {m.partition(".")[0] for m in imported(ast.walk(parsed(path)))} & set(THIRD_PARTY_WALLS):
        inside = any(name_of(path).startswith(f"{wall}/") for wall in THIRD_PARTY_WALLS[module])
        assert inside, f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*.py")), ids=name_of)
def test_policies_use_numpy_alone_and_scipy_only_within_functions(path: Path) -> None:
    tree = parsed(path)
    tops = {m.partition(".")[0] for m in imported(ast.walk(tree))}
    assert tops <= {*sys.stdlib_module_names, "burnish", "numpy", "scipy"}
    assert "scipy" not in {m.partition(".")[0] for m in imported(outside_functions(tree))}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    at_import = {m.partition(".")[0] for m in imported(outside_functions(parsed(path)))}
    allowed = {"langgraph"} if name_of(path).startswith(("agent/nodes/", "agent/graph")) else set()
    assert not at_import & set(HEAVY) - allowed


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    script = "import sys, burnish.agent.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "typer" in done.stdout.split()
    assert not {*HEAVY, "numpy", "pydantic", "httpx"} & set(done.stdout.split())


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_boundary_catches_everything(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.ExceptHandler) or name_of(path) == BOUNDARY:
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        broad = {"everything", "Exception", "BaseException"} & set(caught.strip("()").split(", "))
        reraises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        assert not broad or reraises, f"{name_of(path)}:{node.lineno} catches {caught}"
