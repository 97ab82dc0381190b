"""The walls between folders and rooms, read off the source. Imports inside functions count as much as others."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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
    "langgraph": ("agent/loop", "agent/nodes"),
    "httpx": ("agent/models", "agent/cli", "agent/training"),
    "typer": ("agent/cli",),
    "rich": ("agent/cli",),
    "starlette": ("agent/pages", "agent/serving"),
    "jinja2": ("agent/pages",),
    "uvicorn": ("agent/pages", "agent/serving"),
    "xllamacpp": ("agent/models", "agent/cli"),
    "matplotlib": ("agent/record",),
}
HEAVY = (
    *("chromadb", "sentence_transformers", "torch", "transformers", "langgraph", "matplotlib", "xllamacpp", "scipy"),
    *("trl", "peft", "datasets", "gguf"),
)
ROOMS = (
    *(
        "cli",
        "pages",
        "serving",
        "steering",
        "inspecting",
        "api.py",
        "verification",
        "loop",
        "nodes",
        "proofs",
        "training",
        "exports",
        "judges",
        "operators",
    ),
    *("expanding", "rollouts", "models", "record", "recipes"),
)
"""Those of `agent/` from the top: each imports those below it only."""
MOST_ROOMS = 19
LOOSE = {"__init__.py", "api.py"}
"""The files of `agent/` that lie in no room."""
LONGEST_FILE = 350
BOUNDARY = "environments/foreign.py"
DOOR = "core/__main__.py"
"""`python -m burnish`: the one file of core that opens onto agent."""
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
EVERYTHING = sorted({*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")})


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    parts = name_of(path).removeprefix("core/").removesuffix(".py").removesuffix("__init__").strip("/")
    return f"burnish.{parts.replace('/', '.')}".rstrip(".")


def room_of(path: Path) -> str:
    """The room of a file of `agent/`, or the file's own name; empty elsewhere."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "agent" else ""


MODULES = {module_of(path): path for path in SOURCES}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes_of(tree: ast.AST, *, within_functions: bool) -> Iterator[ast.AST]:
    """Every node that runs, but those below `if TYPE_CHECKING:`; on demand only those that run at import."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if not within_functions and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        yield child
        yield from nodes_of(child, within_functions=within_functions)


@cache
def imported(path: Path, *, within_functions: bool = True) -> frozenset[str]:
    """Full names of the modules that a file imports; relative imports keep their dots."""
    names = set()
    for node in nodes_of(parsed(path), within_functions=within_functions):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {inner if (inner := f"{module}.{a.name}") in MODULES else module for a in node.names}
    return frozenset(names)


def libraries(path: Path, *, within_functions: bool = True) -> set[str]:
    return {module.partition(".")[0] for module in imported(path, within_functions=within_functions)}


def ours(path: Path) -> dict[str, Path]:
    return {module: MODULES[module] for module in imported(path) if module in MODULES}


def circles() -> list[str]:
    """The modules that reach themselves by imports."""
    graph = {name: ours(path).keys() for name, path in MODULES.items()}

    def reached(start: str) -> set[str]:
        seen, todo = set[str](), [start]
        while todo:
            new = graph[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    return [name for name in graph if name in reached(name)]


def test_a_folder_imports_only_the_folders_it_may() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(FOLDERS)
    relative = [name_of(path) for path in SOURCES for module in imported(path) if module.startswith(".")]
    through = [
        f"{name_of(path)} imports {module}"
        for path in SOURCES
        for module, other in ours(path).items()
        if (folder := path.relative_to(ROOT).parts[0]) != (top := other.relative_to(ROOT).parts[0])
        and top not in MAY_IMPORT[folder]
        and not (name_of(path) == DOOR and top == "agent")
    ]
    assert relative + through == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert sum(len(ours(path)) for path in SOURCES) > len(SOURCES)
    assert circles() == []


def test_agent_has_few_rooms_and_imports_go_down() -> None:
    agent = ROOT / "agent"
    rooms = {path.name for path in agent.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert len(rooms) <= MOST_ROOMS
    assert {path.name for path in agent.iterdir() if path.is_file()} == LOOSE
    assert set(ROOMS) - {"api.py"} == rooms
    floors = {module: ROOMS.index(room) for module, path in MODULES.items() if (room := room_of(path)) in ROOMS}
    assert [
        f"{module} imports {other}, which lies above it"
        for module, floor in floors.items()
        for other in ours(MODULES[module])
        if floors.get(other, floor) < floor
    ] == []


def test_only_the_loop_knows_the_session() -> None:
    session = "burnish.agent.loop.session"
    assert session in MODULES
    knowing = [name_of(path) for path in SOURCES if session in imported(path)]
    assert [name for name in knowing if not name.startswith("agent/loop/")] == []


def test_the_package_root_loads_agent_only_when_asked() -> None:
    root = parsed(ROOT / "core/__init__.py")
    strings = {n.value for n in ast.walk(root) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    named = {s for s in strings if s.startswith("burnish.")}
    assert named
    assert named <= MODULES.keys()
    assert not any(module.startswith("burnish.agent") for module in imported(ROOT / "core/__init__.py"))


def test_a_library_stays_behind_its_wall() -> None:
    assert [
        f"{name_of(path)} imports {library}"
        for path in SOURCES
        for library in sorted(libraries(path) & THIRD_PARTY_WALLS.keys())
        if not name_of(path).startswith(tuple(f"{wall}/" for wall in THIRD_PARTY_WALLS[library]))
    ] == []


def test_policies_use_numpy_alone_and_scipy_only_within_functions() -> None:
    allowed = {*sys.stdlib_module_names, "burnish", "numpy", "scipy"}
    policies = sorted((ROOT / "policies").glob("*.py"))
    assert [f"{name_of(p)} imports {library}" for p in policies for library in sorted(libraries(p) - allowed)] == []
    assert [name_of(p) for p in policies if "scipy" in libraries(p, within_functions=False)] == []


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    assert [
        f"{name_of(path)} imports {library}"
        for path in SOURCES
        for library in sorted(libraries(path, within_functions=False) & set(HEAVY))
        if not (library == "langgraph" and name_of(path).startswith(("agent/nodes/", "agent/loop/")))
    ] == []
    script = "import sys, burnish.agent.cli.main; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "typer" in done.stdout.split()
    assert not {*HEAVY, "numpy", "pydantic", "httpx", "starlette", "jinja2", "uvicorn"} & set(done.stdout.split())


def test_a_file_holds_one_idea() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_only_the_boundary_catches_everything() -> None:
    def broad(node: ast.ExceptHandler) -> bool:
        caught = ast.unparse(node.type) if node.type else "Exception"
        reraises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        return bool({"Exception", "BaseException"} & set(caught.strip("()").split(", "))) and not reraises

    assert [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        if name_of(path) != BOUNDARY
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and broad(node)
    ] == []
