# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which methods each address knows, for Allow."""

import re
from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Mount, Route


class Directory:
    """All addresses with their methods; HEAD comes with GET, OPTIONS with everything."""

    def __init__(self, routes: Iterable[tuple[str, BaseRoute]]) -> None:
        """Take each route with the prefix under which it is served."""
        self._entries: list[tuple[str, re.Pattern[str], set[str]]] = []
        self._own: defaultdict[str, set[str]] = defaultdict(set)
        for prefix, route in routes:
            if isinstance(route, Mount):
                self._entries.append((prefix, route.path_regex, {"GET"}))
            elif isinstance(route, Route):
                self._entries.append((prefix, route.path_regex, set(route.methods or ())))
                if not route.path_regex.groups:
                    self._own[prefix + route.path] |= set(route.methods or ())

    def refuses(self, path: str, method: str) -> bool:
        """Tell whether a path of its own does not know a method; a route with a parameter would take it for a value."""
        return path in self._own and method not in self._own[path]

    def allow(self, path: str) -> str:
        """Name the methods of a path, or nothing where there is no such path; a path of its own is no parameter."""
        found = [
            (pattern.groups, known)
            for prefix, pattern, known in self._entries
            if path.startswith(prefix) and pattern.match(path.removeprefix(prefix))
        ]
        fewest = min((groups for groups, _ in found), default=0)
        methods = set().union(*(known for groups, known in found if groups == fewest))
        if not methods:
            return ""
        more = {"HEAD", "OPTIONS"} if "GET" in methods else {"OPTIONS"}
        return ", ".join(sorted(methods | more))
