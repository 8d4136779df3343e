// SPDX-FileCopyrightText: 2026 Comune di Prato
// SPDX-License-Identifier: EUPL-1.2
"use strict";

// The page's own labels, which know only English.
const ITALIAN = new Map(Object.entries({
  "Authorize": "Autorizza",
  "Available authorizations": "Autorizzazioni possibili",
  "Cancel": "Annulla",
  "Clear": "Cancella",
  "Close": "Chiudi",
  "Code": "Codice",
  "Curl": "Curl",
  "Description": "Descrizione",
  "Details": "Dettagli",
  "Download": "Scarica",
  "Example Value": "Esempio",
  "Examples:": "Esempi:",
  "Execute": "Esegui",
  "Filter by tag": "Cerca un gruppo",
  "Links": "Collegamenti",
  "Loading": "Caricamento",
  "Logout": "Esci",
  "Media type": "Tipo di contenuto",
  "Name": "Nome",
  "No links": "Nessun collegamento",
  "No parameters": "Nessun parametro",
  "Parameters": "Parametri",
  "Request URL": "Indirizzo della richiesta",
  "Request body": "Corpo della richiesta",
  "Request duration": "Durata della richiesta",
  "Reset": "Ripristina",
  "Response body": "Corpo della risposta",
  "Response headers": "Intestazioni della risposta",
  "Responses": "Risposte",
  "Schema": "Schema",
  "Schemas": "Schemi",
  "Send empty value": "Invia un valore vuoto",
  "Server response": "Risposta del server",
  "Servers": "Server",
  "Try it out": "Prova",
  "Value:": "Valore:",
  "required": "obbligatorio",
}));

function translate(root) {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const italian = ITALIAN.get(text.data.trim());
    if (italian && !text.parentElement.closest("pre, textarea, .renderedMarkdown")) {
      text.data = text.data.replace(text.data.trim(), italian);
    }
  }
  for (const field of document.querySelectorAll("[placeholder]")) {
    field.placeholder = ITALIAN.get(field.placeholder) ?? field.placeholder;
  }
}

window.addEventListener("load", () => {
  const page = document.getElementById("swagger-ui");
  if (document.documentElement.lang === "it") {
    new MutationObserver(() => translate(page)).observe(page, { childList: true, subtree: true });
  }
  window.ui = SwaggerUIBundle({
    url: page.dataset.document,
    domNode: page,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
