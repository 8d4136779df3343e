# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What each piece of advice says, in Italian and in English."""

WORDS: dict[str, tuple[str, str]] = {
    "weekday_differs": (
        "Il giorno della settimana non corrisponde alla data.",
        "The weekday does not match its date.",
    ),
    "no_such_date": ("Questa data non esiste.", "This date does not exist."),
    "expiry_past": (
        "La scadenza è già passata: l'avviso non uscirebbe.",
        "The expiry has passed: nothing would be posted.",
    ),
    "validity_past": ("Il periodo di validità è già finito.", "The time for which the notice holds is over."),
    "expiry_missing": (
        "Un disservizio senza scadenza può uscire quando è già finito: indica expires_at.",
        "A disruption without an expiry may be posted when it is over: give expires_at.",
    ),
    "capitals": (
        "Parole tutte maiuscole: si leggono male e i lettori di schermo le compitano.",
        "Words all in capitals: they are hard to read, and screen readers may spell them.",
    ),
    "title_full_stop": ("Un titolo non finisce con il punto.", "A title does not end with a full stop."),
    "title_short": ("Il titolo ha meno di 10 caratteri.", "The title has fewer than 10 characters."),
    "title_long": ("Il titolo ha più di 120 caratteri.", "The title has more than 120 characters."),
    "summary_long": ("Il sommario ha più di 140 caratteri.", "The summary has more than 140 characters."),
    "body_missing": ("Manca il testo: chi, che cosa, da quando a quando.", "There is no body: who, what, from when."),
    "body_short": ("Il testo ha meno di 80 caratteri.", "The body has fewer than 80 characters."),
    "body_long": ("Il testo ha più di 10.000 caratteri.", "The body has more than 10,000 characters."),
    "official_link_missing": (
        "Manca il collegamento alla pagina ufficiale: senza, un canale falso non si distingue.",
        "There is no link to the official page: without one a fake channel looks the same.",
    ),
    "link_text_differs": (
        "Il testo del collegamento mostra un altro sito rispetto a quello che si apre.",
        "The text of the link shows another site than the one that opens.",
    ),
    "mixed_script_host": (
        "Il nome del sito mescola alfabeti diversi o li imita.",
        "The name of the site mixes scripts or imitates another.",
    ),
    "foreign_link": (
        "Il collegamento porta a un sito che questa fonte non può indicare: l'avviso verrebbe rifiutato.",
        "The link leads to a site that this source may not link to: the notice would be refused.",
    ),
    "fiscal_code": (
        "C'è un codice fiscale: l'avviso verrebbe rifiutato.",
        "There is a fiscal code: the notice would be refused.",
    ),
    "iban": (
        "C'è un IBAN che non è del Comune: l'avviso verrebbe rifiutato.",
        "There is an IBAN that is not the municipality's: the notice would be refused.",
    ),
    "private_email": ("Sembra un indirizzo di posta privato.", "This looks like a private e-mail address."),
    "mobile_number": ("Sembra un numero di cellulare.", "This looks like the number of a mobile phone."),
    "child_named": ("Sembra indicare una persona con nome e cognome.", "This seems to name a private person."),
    "chinese_punctuation": (
        "Nel testo cinese la punteggiatura è a larghezza piena: ，。：；（）",
        "Chinese text has full-width punctuation: ，。：；（）",
    ),
    "it_alert": (
        "IT-alert è il sistema dello Stato: non chiamare così un avviso del Comune.",
        "IT-alert is the system of the State: do not call a notice of the municipality so.",
    ),
    "twin": (
        "Un avviso con lo stesso testo è stato consegnato negli ultimi 10 minuti con un altro event_id.",
        "A notice with the same text was handed in within the last 10 minutes under another event_id.",
    ),
    "equal_text": (
        "Un avviso uguale è stato consegnato negli ultimi 10 minuti: questo verrebbe rifiutato, salvo ?confirm=true.",
        "A notice that says the same was handed in within the last 10 minutes: refused, unless with ?confirm=true.",
    ),
    "event_known": (
        "C'è già un avviso con questo event_id e un altro contenuto: POST lo rifiuta, correggi quello con PATCH.",
        "There is a notice with this event_id and other content: POST is refused, amend that one with PATCH.",
    ),
    "quota_used_up": (
        "La fonte ha esaurito le richieste: l'avviso verrebbe rifiutato finché non ne ha di nuovo.",
        "The quota of the source is used up: the notice would be refused until there is room again.",
    ),
    "second_push": (
        "Un canale esce prima dell'approvazione di questo testo: la versione approvata costa un secondo invio.",
        "A channel does not wait for the approval of this text: the approved version costs a second push.",
    ),
    "mention": (
        "Alcune piattaforme fanno di @nome una menzione e di /parola un comando.",
        "Some platforms make a mention of @name and a command of /word.",
    ),
}
