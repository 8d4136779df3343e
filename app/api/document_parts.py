# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the document says of the API as a whole."""

from typing import Any

from app.api.installation import Installation
from app.version import VERSION

DESCRIPTION = """\
Municipal systems hand in **notices**; Campanella posts each one, once and in order, to every **channel** whose
**audience** it concerns, and says at any time where it stands.

### From nothing to the first notice

1. Press *Authorize* and paste a key. The first one is the operator key of the installation (`CAMPANELLA_ADMIN_KEY`).
2. Make a source with `POST /sources`. Its answer shows the source's own key, this once.
3. Make a channel with `POST /channels`. Its platform is asked first whether we may post there.
4. Authorize with the source's key and hand in a notice with `POST /notices`.
5. Follow it with `GET /notices/{notice_id}` and `GET /notices/{notice_id}/deliveries`.

### Keys

A key is sent as `Authorization: Bearer camp_live_...`, never in an address. The key of a **source** hands in notices
and sees its own; an **operator** administers everything; a **viewer** sees everything and changes nothing. Whatever
is wrong with a key, the answer is the same 401. A revoked key is refused everywhere within a second.

### Vouchers, proofs and certificates

Where they are taken, a voucher of the national platform (PDND) is sent in the place of a key. One that is bound to a
key of its holder (`cnf` with `jkt`) comes as `Authorization: DPoP ...` with a proof in the header `DPoP` (RFC 9449):
made in the last minute, for this method and this address, with `ath`, and good once. One that is bound to a certificate
(`x5t#S256`, RFC 8705), and an access key with a `certificate`, are good only over TLS with that certificate, at the
port that the operator names for it. Whatever of this is missing, the answer is the same 401.

### Signed calls

A source that an operator has given `signers` signs each call that has a body, whether it comes with a key or with a
voucher, as the national patterns INTEGRITY_REST_01 (`x5c` or `x5t#S256` of a certificate) and INTEGRITY_REST_02 (`kid`
of a public key) say: `Digest` over the bytes of the body, and `Agid-JWT-Signature`, a compact JWS with `typ` `JWT`, the
claims `iat`, `exp` (ten minutes later at most), `aud` (that of the e-service, or the address of this API), `jti` and
`signed_headers`, which holds `digest` and, where they are sent, `content-type` and `content-encoding`. Each `jti` is
good once: sign anew for every try. Whatever is wrong with a signature, the answer is the 401 of a wrong key.

Beside a voucher such a source may say who acts (AUDIT_REST_02): `Agid-JWT-TrackingEvidence`, signed in the same way,
with `iss` (the client), `aud`, `exp`, `iat`, `jti`, `purposeId`, `dnonce`, `userID`, `userLocation` and `LoA`; the
claim `digest` of the voucher holds its SHA-256. It is good with that voucher alone; without such a claim it is good
once.

### Once

The pair of source and `event_id` names an event. Send a notice again whenever the answer got lost: the same content
answers the same notice (202, `Idempotent-Replayed: true`), owes nothing new, and does so for as long as the notice is
kept. Other content under the same `event_id` is 409: amend the notice with PATCH instead.

`Idempotency-Key` is a second layer, optional wherever something is made: for **seven days** the same request under the
same key is answered with the first answer, byte for byte, and `Idempotent-Replayed: true`. The key belongs to the
source (without one: to the access key). The request is known by method, route, media type and canonical JSON (RFC
8785). Kept are answers of 2xx, and 409 and 422 that follow from the content of a notice alone; all else is looked at
afresh, also what a setting, an administrator or the clock may decide otherwise next time. What is kept is given again
as it is, without waiting (`Prefer`) and wherever it was to be answered (`X-ReplyTo`).
Other content under a known key is 422 `idempotency-key-reused`; a twin under way for two seconds is 409
`request-in-progress` with `Retry-After: 1`.

### CloudEvents

A notice may come as a CloudEvent 1.0.2: `application/cloudevents+json`, or `application/json` with the headers
`ce-specversion`, `ce-id`, `ce-source` and `ce-type`. The `id` is the `event_id`; the `source` is one of the
`event_sources` that an operator registered for your source. The first of them is implied by plain JSON, so that an
event and its plain copy are one notice. Attributes in headers are written as the HTTP binding has it: what is no
printable ASCII in percent escapes. `expirytime` is `expires_at` where the data has none; other extensions are kept
(20 at most, 1 KiB each); `dataref` is refused.

### Errors

Every error is `application/problem+json` (RFC 9457). Programs read `type` and, for each place in `errors`, `pointer` (a
JSON pointer into the body) or `parameter`, and `rule`; people read `detail`. Nothing that was sent is ever repeated in
an error. 503 comes with `Retry-After`: send the same again then. If it had been stored at the last moment, a notice
stays one, and so does what has the same `Idempotency-Key`.

### Quotas

Each key has a quota in a minute and in a day, shared by all keys of a source; a batch counts each notice. Every answer
below 500 tells how the source stands (`RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`, `RateLimit`) and
what is allowed (`RateLimit-Policy`); one before any key is known, such as 401, 404 of an unknown path, 405 or 406,
tells of `wrong-keys`, which an address may send. Beyond the quota the answer is 429 with `Retry-After`, and the request
is not counted. A batch is let in as a whole or not at all; where it does not fit, none of its notices is counted, the
request itself is, and `Retry-After` says when all of it fits. Urgent notices have a reserve of a tenth of the minute's
quota. Under too much load lists are turned away first, then bulk and normal notices, with 503; urgent ones never are.

Refusals come in this order: 414, 431 and 400 for what cannot be read as a request; 404 and 405; 400 for a parameter;
406; 410; 401, or 429 for too many wrong keys; 503 under load; 429; 403; 415, 413 and 400 for a header; then what the
body is like (400, 422, 409). Beyond the quota a body is read only since its notice may be urgent; what is wrong with it
is not said before there is room again, while the answer that was kept under an `Idempotency-Key` is repeated.

### Traces

`traceparent` and `tracestate` (W3C Trace Context) are kept with the notice and passed on to each attempt and callback.

### Ends

An operation that will end says so for months: `Deprecation`, `Sunset`, and links to what takes its place.

### Preview

`POST /notices/preview` takes a notice and stores nothing: it shows which channels it would reach, every post with its
length, what the notice would wait for there, why the other channels are not reached, and advice in Italian and English.
What would be refused is marked so.

### Alerts

`POST /notices` also takes CAP 1.2 (`application/cap+xml`): an Alert is told, an Update amends the notice that its
`references` lead to, a Cancel withdraws it and says that it is over. Every `status` but Actual reaches only channels
with `test`. The national bulletin of hydrogeological criticality comes as `application/vnd.campanella.bulletin+json`;
of a re-issue only the difference is told.

### Lists

A list answers `items` and `next`, the address of the next page or null. Nothing is shown twice or left out while new
rows arrive. Unknown parameters are refused.
"""
SUMMARY = "The school bell of a city: notices of a municipality, once, in order and in time"


def info(installation: Installation) -> dict[str, Any]:
    """Describe the API of one installation."""
    return {
        "title": "Campanella",
        "version": VERSION,
        "summary": SUMMARY,
        "x-summary": SUMMARY,
        "x-api-id": installation.api_id,
        "description": DESCRIPTION,
        "contact": installation.contact,
        "termsOfService": installation.terms,
        "license": {"name": "European Union Public Licence 1.2", "identifier": "EUPL-1.2"},
    }


TAGS = [
    {"name": "Notices", "description": "What the public should know, and where it stands."},
    {"name": "Channels", "description": "The places we publish to."},
    {"name": "Services", "description": "What notices are about."},
    {"name": "Sources and keys", "description": "Who hands in notices, and who administers."},
    {"name": "Callbacks", "description": "Where sources are told what becomes of their notices."},
    {"name": "Dead letters and held deliveries", "description": "What waits for a person."},
    {"name": "Pushes", "description": "Platforms that ration posts: what is left, and what is worth one."},
    {"name": "Audit", "description": "Who did what."},
    {"name": "Status", "description": "Whether the service works."},
]
KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "camp_live_<id>_<secret><checksum>",
    "description": (
        "An access key of Campanella. It is opaque and no JSON Web Token; vouchers of the national platform, where "
        "they are taken in its place, are checked as RFC 8725 asks, and so are signatures of calls."
    ),
}
