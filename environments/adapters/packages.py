"""Packages that tasks come from, as far as they are installed."""

from __future__ import annotations

import importlib.metadata


def package_of(module: str) -> tuple[str, str]:
    """Name with version, and licence, of the package that holds a module; an empty name where none does."""
    packages = importlib.metadata.packages_distributions().get(module.partition(".")[0], [])
    if not packages:
        return "", "unknown"
    metadata = importlib.metadata.metadata(packages[0])
    fields = metadata.json
    licence = str(fields.get("license_expression") or fields.get("license") or "unknown").partition("\n")[0]
    return f"{metadata['Name']} {metadata['Version']}", licence
