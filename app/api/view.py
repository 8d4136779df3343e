# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What answers are made of: explicit models, so that no row is ever shown whole."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.responses import Response

from app.domain.notice import SLUG


class View(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Count = Annotated[int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"}, examples=[1])]
Number = Annotated[int, Field(ge=1, le=2**63 - 1, json_schema_extra={"format": "int64"})]
Moment = Annotated[
    datetime,
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "maxLength": 40,
            "description": "In UTC.",
            "examples": ["2026-11-24T09:15:00.123456Z"],
        }
    ),
]
HERE = "https://campanella.comune.example.it/v1/notices/0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b"
Link = Annotated[str, Field(max_length=4096, json_schema_extra={"format": "uri"}, examples=[HERE])]
Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
SlugShown = Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9~-]+$", examples=["mensa"])]
KeyId = Annotated[str, Field(max_length=12, pattern=r"^[A-Za-z0-9]{12}$", examples=["A1b2C3d4E5f6"])]
Slugs = Annotated[list[Annotated[str, Field(max_length=64, pattern=SLUG)]], Field(max_length=200)]
Names = Annotated[list[Annotated[str, Field(max_length=120, pattern=r"^[^\x00]+$")]], Field(max_length=200)]
Reference = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$", description="What the channel calls our post.")]
EventId = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["mensa/2026-11-24/1"])
]


def answer(view: View, status: int = 200, **headers: str) -> Response:
    """Answer with a view; for handlers whose status or headers depend on what happened."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(view.model_dump_json(by_alias=True), status, named, "application/json")


def no_content() -> Response:
    return Response(status_code=204)


Example = dict[str, Any]
