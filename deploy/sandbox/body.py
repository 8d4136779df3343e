# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The parameters of a request, however they were sent: in the address, as a form, in parts, as JSON."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, web

from deploy.sandbox.files import FILE_BYTES, Upload
from deploy.sandbox.refusals import RefusedError, Why, bad_request

Raw = dict[str, Any]
LARGEST = FILE_BYTES + (4 << 20)


async def read(request: web.Request) -> tuple[Raw, dict[str, Upload]]:
    """Read parameters and uploads; a later place overrides an earlier one."""
    raw: Raw = form(request.rel_url.raw_query_string) if request.rel_url.raw_query_string else {}
    if request.content_length is not None and request.content_length > LARGEST:
        raise RefusedError(413, "")
    if request.content_type == "multipart/form-data":
        return await parts(request, raw)
    body = await request.read()
    if request.content_type == "application/json" and body:
        return raw | json_object(body), {}
    return raw | form(text(body)), {}


def text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise bad_request(Why.NOT_UTF8) from None


def form(encoded: str) -> Raw:
    try:
        return dict(parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=1000))
    except UnicodeDecodeError:
        raise bad_request(Why.NOT_UTF8) from None
    except ValueError:
        raise bad_request("can't parse the form") from None


def json_object(body: bytes) -> Raw:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise bad_request("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("object expected as the request")
    return value


async def parts(request: web.Request, raw: Raw) -> tuple[Raw, dict[str, Upload]]:
    """Read a multipart body; a file in a field of its own counts as attached there."""
    files: dict[str, Upload] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise bad_request("can't parse the multipart body")
            data = bytes(await part.read(decode=True))
            if part.filename is None:
                raw[part.name] = text(data)
                continue
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Upload(part.filename, content_type, data)
    except ValueError:
        raise bad_request("can't parse the multipart body") from None
    return raw | {name: f"attach://{name}" for name in files if name in {"photo", "document", "thumbnail"}}, files
