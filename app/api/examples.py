# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Bodies that the docs page shows and that succeed when tried."""

from typing import Any

from app.api.trust import PURPOSE, SIGNER

NOTICES: dict[str, Any] = {
    "cold_lunch": {
        "summary": "A change of service, in two languages",
        "value": {
            "event_id": "mensa/2026-11-24/1",
            "service": "mensa",
            "kind": "service_change",
            "priority": "normal",
            "texts": {
                "it": {
                    "title": "Sciopero del 27 novembre: in mensa pasto freddo",
                    "summary": "Venerdì 27 novembre pasto freddo per sciopero. Diete speciali garantite.",
                    "body": "Venerdì 27 novembre il personale della ristorazione scolastica può scioperare.\n\n"
                    "In tutte le scuole **dell'infanzia e primarie** viene servito un pasto freddo.",
                    "what_to_do": ["Controlla il registro elettronico la mattina del 27 novembre."],
                },
                "zh-Hans": {"title": "11月27日罢工：学校食堂改供冷餐"},
            },
            "audience": {"grades": ["infanzia", "primaria"]},
            "valid_from": "2026-11-27T11:30:00+01:00",
            "valid_until": "2026-11-27T14:30:00+01:00",
            "links": [
                {"title": "Scheda completa", "href": "https://www.comune.example.it/avvisi/sciopero-mensa-27-novembre"}
            ],
            "contacts": [{"label": "Ufficio Mensa", "phone": "+39 0574 000110", "hours": "lun-ven 9-13"}],
        },
    },
    "least": {
        "summary": "The least a notice needs",
        "value": {
            "event_id": "mensa/2026-12-01/2",
            "service": "mensa",
            "texts": {"it": {"title": "Martedì 1 dicembre il menù cambia: frittata al posto del pesce"}},
        },
    },
    "urgent": {
        "summary": "An urgent closure, repeated where nobody can tell whether it arrived",
        "value": {
            "event_id": "chiusure/2026-12-11/1",
            "service": "scuole",
            "kind": "closure",
            "priority": "urgent",
            "texts": {
                "it": {
                    "title": "Scuole e nidi chiusi venerdì 11 dicembre per allerta meteo",
                    "what_to_do": ["Resta in casa e segui gli aggiornamenti del Comune."],
                }
            },
            "valid_from": "2026-12-11T00:00:00+01:00",
            "valid_until": "2026-12-11T23:59:00+01:00",
            "in_doubt": "repeat",
        },
    },
}
AMENDMENTS: dict[str, Any] = {
    "corrected_title": {
        "summary": "Another title; all else stays",
        "value": {"texts": {"it": {"title": "Sciopero del 27 novembre: pasto freddo in tutte le mense"}}},
    }
}
APPROVALS: dict[str, Any] = {
    "chinese": {
        "summary": "A mediator has read the Chinese text",
        "value": {"language": "zh-Hans", "revision": 1, "name": "Mediatrice linguistica"},
    }
}
COUNTERSIGNATURES: dict[str, Any] = {
    "second": {
        "summary": "Another operator has read it and lets it go",
        "value": {"revision": 1, "name": "Maria Rossi"},
    },
    "alone": {
        "summary": "Nobody else could be reached",
        "value": {"revision": 1, "name": "Anna Bianchi", "break_glass": "alle 3 di notte nessun altro risponde"},
    },
}
WITHDRAWALS: dict[str, Any] = {
    "struck": {"summary": "Strike it and say that it is withdrawn", "value": {"delete": False}},
    "deleted": {"summary": "Delete it where the platform allows it", "value": {"delete": True}},
}
SERVICES: dict[str, Any] = {
    "libraries": {"summary": "A service that is new", "value": {"name": "Biblioteche e ludoteche"}},
    "approved": {
        "summary": "Chinese goes out only when a person has approved it",
        "value": {"name": "Mensa scolastica", "approvals": ["zh-Hans"]},
    },
}
SOURCES: dict[str, Any] = {
    "canteen": {
        "summary": "The canteen system, which may speak of one service",
        "value": {"slug": "mensa", "name": "Sistema della mensa scolastica", "services": ["mensa"]},
    },
    "cloudevents": {
        "summary": "A system that sends CloudEvents",
        "value": {
            "slug": "iscrizioni-online",
            "name": "Iscrizioni online",
            "services": ["iscrizioni"],
            "event_sources": ["https://iscrizioni.comune.example.it/avvisi"],
        },
    },
    "everything": {
        "summary": "A system that may speak of every service",
        "value": {"slug": "redazione", "name": "Redazione del sito", "services": []},
    },
}
SOURCE_CHANGES: dict[str, Any] = {
    "more_services": {"summary": "Other services", "value": {"services": ["mensa", "servizi-integrativi"]}},
    "own_quota": {"summary": "A quota of its own", "value": {"requests_per_minute": 60, "requests_per_day": 2000}},
    "voucher": {
        "summary": "Vouchers of the national platform as keys",
        "value": {"vouchers": [PURPOSE]},
    },
    "signed": {"summary": "Calls that are signed (INTEGRITY_REST_02)", "value": {"signers": [SIGNER]}},
}
SOURCE_KEYS: dict[str, Any] = {
    "rotation": {"summary": "A second key, for rotation", "value": {"label": "dal 2027", "expires_in_days": 365}},
    "bound": {
        "summary": "A key that is good with one certificate alone",
        "value": {"label": "con certificato", "certificate": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"},
    },
}
KEYS: dict[str, Any] = {
    "operator": {
        "summary": "A key that administers everything",
        "value": {"role": "operator", "label": "Ufficio Comunicazione", "expires_in_days": 180},
    },
    "viewer": {
        "summary": "A key that sees everything and changes nothing",
        "value": {"role": "viewer", "label": "Schermo in sala operativa"},
    },
    "auditor": {
        "summary": "A key that reads the audit log only, from one office, for a month",
        "value": {
            "role": "viewer",
            "label": "Revisore",
            "expires_in_days": 30,
            "scopes": ["audit:read"],
            "networks": ["192.0.2.0/24"],
        },
    },
}
LEAKED: dict[str, Any] = {
    "found": {
        "summary": "A key that was found in a public place (this one is nobody's)",
        "value": {"key": "camp_live_A1b2C3d4E5f6_0123456789abcdefghijABCDEFGHIJ012O4MLO"},
    }
}
CHANNELS: dict[str, Any] = {
    "whole_city": {
        "summary": "A Telegram channel that follows everything",
        "value": {"slug": "scuola", "kind": "telegram", "address": "-1001234567890", "language": "it"},
    },
    "primary_schools": {
        "summary": "A channel for canteen notices to primary schools, in Chinese",
        "value": {
            "slug": "mensa-zh",
            "kind": "telegram",
            "address": "@prato_mensa_zh",
            "language": "zh-Hans",
            "fallback": False,
            "audience": {"services": ["mensa"], "grades": ["primaria"], "schools": [], "areas": []},
        },
    },
}
CHANNEL_CHANGES: dict[str, Any] = {
    "pause": {"summary": "Stop posting for now", "value": {"paused": True}},
    "resume": {"summary": "Post again, beginning with what waited", "value": {"paused": False}},
    "audience": {"summary": "Follow two services", "value": {"audience": {"services": ["mensa", "trasporto"]}}},
}
CALLBACKS: dict[str, Any] = {
    "ends": {
        "summary": "Tell the source what becomes of its notices",
        "value": {
            "url": "https://mensa.comune.example.it/campanella",
            "types": ["notice.delivered", "notice.dead", "notice.held", "notice.withdrawn"],
        },
    },
}
CALLBACK_CHANGES: dict[str, Any] = {
    "go_on": {"summary": "Call again an endpoint that was disabled", "value": {"enabled": True}},
}
REPLAYS: dict[str, Any] = {
    "since": {"summary": "All since a moment", "value": {"since": "2026-11-24T00:00:00+01:00"}},
}
SECRETS: dict[str, Any] = {
    "shared": {"summary": "A secret that both sides know", "value": {"signature": "hmac", "overlap_hours": 24}},
}
CHECKS: dict[str, Any] = {
    "look": {"summary": "Only look: no post is made", "value": {"ask": False}},
    "prove": {"summary": "Prove with a silent test post that the channel can be asked", "value": {"ask": True}},
}
REDRIVES: dict[str, Any] = {
    "count_first": {"summary": "Only count", "value": {"channel": "scuola", "dry_run": True}},
    "one_channel": {"summary": "All dead letters of a channel", "value": {"channel": "scuola"}},
    "doubted": {
        "summary": "Also what may have arrived, where nothing was found in the channel",
        "value": {"channel": "scuola", "doubted": True},
    },
}
CHOICES: dict[str, Any] = {
    "send": {"summary": "It is worth a push", "value": {"choice": "send"}},
    "leave": {"summary": "It is not", "value": {"choice": "leave"}},
}
HAND_MADE: dict[str, Any] = {
    "today": {"summary": "An article that the press office sent", "value": {"at": "2026-11-24T10:00:00+01:00"}},
}
DECISIONS: dict[str, Any] = {
    "not_sent": {"summary": "It is not in the channel: post it", "value": {"decision": "not_sent", "question": 3}},
    "sent": {"summary": "It is in the channel", "value": {"decision": "sent", "question": 3}},
    "found": {
        "summary": "It is in the channel, and this is its link",
        "value": {"decision": "sent", "question": 3, "references": ["https://t.me/c/1234567890/42"]},
    },
}
DECISIONS_FOR_MANY: dict[str, Any] = {
    "count_first": {"summary": "Only count", "value": {"decision": "not_sent", "channel": "scuola", "dry_run": True}},
    "sent_before": {
        "summary": "What was to be posted before a moment is in the channel",
        "value": {"decision": "sent", "channel": "scuola", "before": "2026-11-24T09:00:00+01:00"},
    },
    "not_sent": {
        "summary": "Nothing of what is left is in the channel: post it",
        "value": {"decision": "not_sent", "channel": "scuola"},
    },
}
