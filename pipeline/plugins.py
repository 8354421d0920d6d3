"""Finds what a folder holds by its file names, so that adding a file is all that it takes to add a thing."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def modules(package: ModuleType) -> tuple[ModuleType, ...]:
    """The modules of a package, imported, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(importlib.import_module(f"{package.__name__}.{name}") for name in names)
