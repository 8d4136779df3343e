// SPDX-FileCopyrightText: 2026 Comune di Prato
// SPDX-License-Identifier: EUPL-1.2
// The list of chats, the phones, and the stream of events that keeps both up to date.

import { avatar, bubble, clock, day, happened, make, moment, whole } from "/page/bubbles.js";

const PHONE_WIDTH = 350;
const LISTED = 200;
const KEPT = 80;
const chats = new Map();
const phones = new Map();
const unread = new Map();
const byId = (id) => document.getElementById(id);

function place(message, phone, fresh) {
  const known = phone.list.querySelector(`[data-id="${message.id}"]`);
  phone.messages.set(message.id, message);
  const item = bubble(message, phone);
  if (fresh) item.classList.add(known ? "changed" : "fresh");
  if (known) known.replaceWith(item);
  else append(item, message, phone);
  if (phone.follows) phone.list.scrollTop = phone.list.scrollHeight;
}

function append(item, message, phone) {
  const date = day.format(moment(message.date));
  if (date !== phone.date) phone.list.append(make("li", "service", make("span", "pill day", date)));
  phone.date = date;
  phone.list.append(item);
  while (phone.list.children.length > KEPT) phone.list.firstElementChild.remove();
}

function vanish(message, phone) {
  phone.messages.delete(message.id);
  const item = phone.list.querySelector(`[data-id="${message.id}"]`);
  if (!item) return;
  item.classList.add("leaving");
  setTimeout(() => item.remove(), 350);
}

async function load(phone) {
  const answer = await fetch(`/sandbox/chats/${phone.chat.id}/messages?limit=${KEPT}`);
  const messages = await answer.json();
  const newest = messages.at(-1)?.id ?? 0;
  const later = [...phone.messages.values()].filter((message) => message.id > newest);
  phone.list.replaceChildren();
  phone.messages.clear();
  phone.date = "";
  for (const message of [...messages, ...later]) place(message, phone, false);
}

function open(chat) {
  const section = byId("phone").content.cloneNode(true).firstElementChild;
  const phone = { chat, section, list: section.querySelector(".messages"), messages: new Map(), date: "", follows: true };
  const { list } = phone;
  list.addEventListener("scroll", () => { phone.follows = list.scrollHeight - list.scrollTop - list.clientHeight < 120; });
  new ResizeObserver(() => { if (phone.follows) list.scrollTop = list.scrollHeight; }).observe(list);
  section.setAttribute("aria-label", chat.title);
  section.querySelector(".close").addEventListener("click", () => toggle(chat));
  phones.set(chat.id, phone);
  unread.delete(chat.id);
  describe(phone);
  byId("stage").append(section);
  return load(phone);
}

function describe({ chat, section }) {
  const kinds = { channel: "canale", supergroup: "gruppo", group: "gruppo", private: "chat privata" };
  avatar(section.querySelector(".avatar"), chat);
  section.querySelector("h2").textContent = chat.title;
  const standing = { kicked: "bot espulso", left: "bot assente", blocked: "bot bloccato" }[chat.standing];
  const parts = [chat.username ? `@${chat.username}` : kinds[chat.type], `${whole.format(chat.messages)} messaggi`, standing];
  section.querySelector(".who p").textContent = parts.filter(Boolean).join(" · ");
}

function shut(id) {
  phones.get(id)?.section.remove();
  phones.delete(id);
}

function toggle(chat) {
  if (phones.has(chat.id)) shut(chat.id);
  else {
    while (phones.size && phones.size >= room()) shut(phones.keys().next().value);
    open(chat);
  }
  history.replaceState(null, "", `#${[...phones.keys()].join(",")}`);
  redraw();
}

function room() {
  return Math.max(1, Math.floor(byId("stage").clientWidth / PHONE_WIDTH));
}

function row(chat) {
  const said = chat.last;
  const news = unread.get(chat.id);
  const snippet = said ? (said.text.split("\n")[0] || (said.media ? "allegato" : happened(said, new Map()))) : "";
  const button = make("button", "", avatar(make("span"), chat),
    make("span", "about", make("b", "", chat.title), make("span", "snippet", snippet.slice(0, 60))),
    make("span", "side", make("time", "", said ? clock.format(moment(said.date)) : ""), news && make("span", "news", news)));
  button.type = "button";
  button.setAttribute("aria-pressed", phones.has(chat.id));
  button.addEventListener("click", () => toggle(chat));
  return make("li", "", button);
}

let drawing = 0;
function redraw() {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => {
    const wanted = byId("search").value.toLowerCase();
    const found = [...chats.values()].reverse().filter((chat) => `${chat.title} ${chat.username} ${chat.id}`.toLowerCase().includes(wanted));
    byId("chats").replaceChildren(...found.slice(0, LISTED).map(row));
    byId("total").textContent = chats.size > LISTED ? `${whole.format(chats.size)} chat, le ${LISTED} più recenti` : "";
    document.querySelector(".empty")?.remove();
    if (!phones.size) byId("stage").append(byId("empty").content.cloneNode(true));
  });
}

function know(chat) {
  chats.delete(chat.id);
  chats.set(chat.id, chat);
  const phone = phones.get(chat.id);
  if (phone) describe(Object.assign(phone, { chat }));
  else if (phones.size < room() && !location.hash) open(chat);
  redraw();
}

async function begin() {
  const answer = await (await fetch("/sandbox/chats?limit=1000")).json();
  [...phones.keys()].forEach(shut);
  chats.clear();
  for (const chat of answer.chats.reverse()) chats.set(chat.id, chat);
  const named = location.hash.slice(1).split(",").map(Number).filter((id) => chats.has(id));
  const first = named.length ? named : [...chats.keys()].reverse().slice(0, room());
  for (const id of first) await open(chats.get(id));
  redraw();
}

function listen() {
  const events = new EventSource("/sandbox/events");
  const say = (state, words) => Object.assign(byId("state"), { className: state, textContent: words });
  events.addEventListener("open", () => { say("live", "in diretta"); begin(); });
  events.addEventListener("error", () => say("lost", "sandbox non raggiungibile"));
  events.addEventListener("reload", begin);
  events.addEventListener("chat", (event) => know(JSON.parse(event.data).chat));
  for (const kind of ["message", "deleted"]) events.addEventListener(kind, (event) => {
    const { chat, message } = JSON.parse(event.data);
    if (kind === "message" && !message.edited && !phones.has(chat.id)) unread.set(chat.id, (unread.get(chat.id) ?? 0) + 1);
    know(chat);
    const phone = phones.get(chat.id);
    if (phone && kind === "message") place(message, phone, true);
    if (phone && kind === "deleted") vanish(message, phone);
  });
}

byId("search").addEventListener("input", redraw);
listen();
