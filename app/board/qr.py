# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An address as a picture that a telephone reads."""

from functools import lru_cache

import segno

SCALE, BORDER = 4, 4


@lru_cache(maxsize=256)
def drawn(address: str) -> str:
    """Give an SVG to stand in a page; its name is given by what stands around it."""
    code = segno.make(address, error="m", micro=False)
    picture = code.svg_inline(
        scale=SCALE, border=BORDER, dark="#000", light="#fff", omitsize=True, svgclass="bacheca-qr", lineclass=None
    )
    return str(picture.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))
