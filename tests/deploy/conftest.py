# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.binaries import Provider


@pytest.fixture
def provider(pytestconfig: pytest.Config) -> Provider:
    return Provider(pytestconfig.getoption("--servers"))


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter, which the one that pytest makes is not."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        yield Path(made)
