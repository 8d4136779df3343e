# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sets up the kinds of channel of the registry that this installation is configured for."""

from collections.abc import Mapping
from importlib import import_module

from app.settings import Settings, SettingsError
from workers.desk import Desk, Tools


def chosen(settings: Settings, registry: Mapping[str, str]) -> list[str]:
    """Give the kinds that CAMPANELLA_KINDS names, or all; SettingsError for one that does not exist."""
    names = settings.kinds.replace(",", " ").split() or list(registry)
    unknown = [name for name in names if name not in registry]
    if unknown:
        raise SettingsError(f"CAMPANELLA_KINDS: there is no kind {unknown[0]!r}; there are {', '.join(registry)}")
    return names


def desks(tools: Tools, registry: Mapping[str, str]) -> dict[str, Desk]:
    """Set up each kind; one that is named in CAMPANELLA_KINDS and lacks a setting is a SettingsError."""
    found: dict[str, Desk] = {}
    for name in chosen(tools.settings, registry):
        desk: Desk | None = import_module(registry[name]).desk(tools)
        if desk is not None:
            found[name] = desk
        elif tools.settings.kinds:
            raise SettingsError(f"CAMPANELLA_KINDS names {name}, which is not set up here")
    return found
