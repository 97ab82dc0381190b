"""What shows of a plug-in that is not imported: listing what there is must not run other people's code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader

from burnish.environments.foreign import Raised, guarded_call
from burnish.spelling import did_you_mean


def flaw_of(module: str, name: str) -> str:
    """Why `module:name` cannot be loaded, as far as that shows; empty where nothing shows."""
    spec = guarded_call(lambda: _spec(module))
    if isinstance(spec, Raised):
        return ""
    if spec is None:
        return f"there is no module {module}"
    loader = spec.loader
    if not isinstance(loader, SourceFileLoader):
        return ""
    tree = guarded_call(lambda: ast.parse(loader.get_data(loader.path), loader.path))
    if isinstance(tree, Raised):
        return f"{loader.path} cannot be read: {tree}"
    names = set(_bound(tree.body))
    if names & {name.partition(".")[0], "*", "__getattr__"}:
        return ""
    return f'{module} has no "{name}"; {did_you_mean(name, (n for n in names if not n.startswith("_")))}'


def _spec(module: str) -> ModuleSpec | None:
    """Where a module is; unlike `importlib.util.find_spec` it does not import the packages above it."""
    found: ModuleSpec | None = None
    path: list[str] | None = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        specs = (finder.find_spec(name, path) for finder in sys.meta_path)
        found = next((spec for spec in specs if spec is not None), None)
        if found is None or (depth < len(parts) and found.submodule_search_locations is None):
            return None
        path = list(found.submodule_search_locations or ())
    return found


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that a module binds, on whichever of its ways; "*" where it takes all of another module's."""
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name):
            yield from [node.id] if isinstance(node.ctx, ast.Store) else []
        else:
            yield from _bound(ast.iter_child_nodes(node))
