// SPDX-FileCopyrightText: 2026 Comune di Prato
// SPDX-License-Identifier: EUPL-1.2
// The account as on a phone. What the sandbox stored as content has had its scripts stripped, and the policy of the
// page runs none.
const LOOK = 1000;
const WORDS = {
  confirming: "aspetta la conferma dell’amministratore",
  sending: "in invio",
  publishing: "in pubblicazione",
  failed: "non inviato",
  deleted: "eliminato",
};
let last = "";

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function open(article) {
  const stage = document.getElementById("article");
  const content = element("div");
  content.innerHTML = article.deleted ? "" : article.content;
  const more = article.content_source_url ? element("p", `Leggi l’originale: ${article.content_source_url}`, "more") : "";
  const title = element("h3", article.deleted ? "Il contenuto è stato eliminato dall’autore" : article.title);
  stage.replaceChildren(title, element("p", article.author, "by"), content, more);
  stage.scrollTop = 0;
}

function row(article, number) {
  const button = element("button", "", number === 0 ? "first" : "other");
  button.type = "button";
  const picture = element("img");
  picture.alt = "";
  picture.src = `/mmbiz/${article.thumb}`;
  const title = element("span", article.deleted ? `${article.title} (eliminato)` : article.title, article.deleted ? "gone" : "");
  button.append(...(number === 0 ? [picture, title] : [title, picture]));
  button.addEventListener("click", () => open(article));
  return button;
}

async function decide(send, deed) {
  await fetch(`/sandbox/sends/${send.id}/${deed}`, { method: "POST" });
  await look();
}

function waits(send) {
  const box = element("div", "", "waits");
  for (const [deed, word] of [["confirm", "Conferma"], ["refuse", "Rifiuta"]]) {
    const button = element("button", word);
    button.type = "button";
    button.addEventListener("click", () => decide(send, deed));
    box.append(button);
  }
  return box;
}

function shown(send) {
  const item = element("li");
  if (send.at) item.append(element("p", new Date(send.at * 1000).toLocaleString("it"), "time"));
  const card = element("div", "", "card");
  card.append(...send.articles.map(row));
  item.append(card);
  const whom = send.sort === "publication" ? "pubblicazione" : send.tag === null ? "a tutti" : `etichetta ${send.tag}`;
  const what = WORDS[send.state] ?? (send.sort === "mass" ? `arrivato a ${send.sent} di ${send.total}` : "pubblicato");
  const many = send.articles.length === 1 ? "un articolo" : `${send.articles.length} articoli`;
  item.append(element("p", `${many} · ${whom} · ${what}`, "mark"));
  if (send.state === "confirming") item.append(waits(send));
  return item;
}

async function look() {
  const state = document.getElementById("state");
  try {
    const [account, sends] = await Promise.all(
      ["account", "sends"].map(async (path) => (await fetch(`/sandbox/${path}`)).json()),
    );
    document.getElementById("name").textContent = account.name;
    document.getElementById("about").textContent = `${account.followers} persone seguono · ${account.profile}`;
    const now = JSON.stringify(sends);
    if (now !== last) document.getElementById("sends").replaceChildren(...sends.map(shown));
    last = now;
    state.textContent = "in diretta";
  } catch {
    state.textContent = "non risponde";
  }
}

await look();
setInterval(look, LOOK);
