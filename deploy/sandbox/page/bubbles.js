// SPDX-FileCopyrightText: 2026 Comune di Prato
// SPDX-License-Identifier: EUPL-1.2
// A message as a bubble: its text with entities, its file, its keyboard, its foot.

const PATHS = {
  silent: "M3 3l18 18M18 16v-5a6 6 0 0 0-8.5-5.4M6 9v7l-2 2v1h13M10 21h4",
  photo: "M4 5h16v14H4zM8 10a1.5 1.5 0 1 0 0-.01M4 17l5-5 4 4 3-3 4 4",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
};
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "button" };
export const clock = new Intl.DateTimeFormat("it", { hour: "2-digit", minute: "2-digit" });
export const day = new Intl.DateTimeFormat("it", { weekday: "long", day: "numeric", month: "long" });
export const whole = new Intl.NumberFormat("it");
export const moment = (seconds) => new Date(seconds * 1000);

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

function icon(name, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.append(path);
  return svg;
}

export function avatar(element, chat) {
  element.className = `avatar colour${Math.abs(chat.id) % 7}`;
  element.textContent = [...chat.title.trim()][0]?.toLocaleUpperCase("it") ?? "?";
  return element;
}

// Text and its entities, which are nested and counted in UTF-16 units, as JavaScript's strings are.
function rich(text, entities, from = 0, to = text.length) {
  const fragment = document.createDocumentFragment();
  let place = from;
  for (let index = 0; index < entities.length; index++) {
    const entity = entities[index];
    const end = entity.offset + entity.length;
    if (entity.offset < place) continue;
    fragment.append(text.slice(place, entity.offset));
    const inner = entities.slice(index + 1).filter((other) => other.offset < end);
    const element = marked(entity, text.slice(entity.offset, end));
    element.append(rich(text, inner, entity.offset, end));
    fragment.append(element);
    place = end;
    if (element.localName === "blockquote" || element.localName === "pre") place += text[place] === "\n" ? 1 : 0;
  }
  fragment.append(text.slice(place, to));
  return fragment;
}

function marked(entity, text) {
  const address = entity.url ?? (entity.type === "url" ? (/^https?:/i.test(text) ? text : `http://${text}`) : "");
  if (/^https?:\/\//i.test(address)) {
    const link = make("a");
    Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer", title: address });
    return link;
  }
  const element = make(TAGS[entity.type] ?? "span", entity.type);
  if (entity.type === "spoiler") {
    element.type = "button";
    element.addEventListener("click", () => element.classList.add("seen"));
  }
  return element;
}

function size(bytes) {
  return bytes >= 1048576 ? `${whole.format(Math.round(bytes / 104857.6) / 10)} MB` : `${whole.format(Math.ceil(bytes / 1024))} kB`;
}

function media(item) {
  if (!item) return null;
  if (item.kind === "photo") return make("div", "photo-box", icon("photo", "fotografia"), make("span", "", `${item.width} × ${item.height}`));
  const about = make("div", "", make("b", "", item.file_name ?? item.kind), make("span", "", size(item.file_size)));
  return make("div", "file", make("span", "disc", icon("document", "documento")), about);
}

export function happened(message, messages) {
  const service = message.service;
  if (service.pinned_message) {
    const pinned = messages.get(service.pinned_message)?.text.split("\n")[0] ?? "un messaggio";
    return `Fissato: «${pinned.length > 42 ? `${pinned.slice(0, 40)}…` : pinned}»`;
  }
  if (service.migrate_from_chat_id) return "Il gruppo è diventato un supergruppo";
  return service.channel_chat_created ? "Canale creato" : "Gruppo creato";
}

function origin(from) {
  return from && make("p", "origin", "Inoltrato da ", make("b", "", from.chat?.title ?? from.sender_user.first_name));
}

function quoted(id, messages) {
  const said = messages.get(id);
  return said && make("p", "reply", said.text.split("\n")[0].slice(0, 80) || "messaggio");
}

export function bubble(message, phone) {
  const item = make("li", message.by === "service" ? "service" : `bubble ${message.by}`);
  item.dataset.id = message.id;
  if (message.by === "service") {
    item.append(make("span", "pill", happened(message, phone.messages)));
    return item;
  }
  if (/\p{Script=Han}/u.test(message.text)) item.lang = "zh-Hans";
  const when = make("time", "", clock.format(moment(message.date)));
  when.dateTime = moment(message.date).toISOString();
  const foot = make("p", "foot", message.by === "human" && phone.chat.type !== "private" && make("span", "", "redazione"),
    message.edited && make("span", "edited", "modificato"), message.silent && icon("silent", "senza suono"), when);
  foot.lang = "it";
  const body = make("div", "text");
  body.append(rich(message.text, message.entities));
  const keys = (message.markup?.inline_keyboard ?? []).map((row) => make("div", "row", ...row.map((key) => make("span", "key", key.text))));
  item.append(make("div", "paper", ...[origin(message.origin), quoted(message.reply_to, phone.messages), media(message.media),
    message.text && body, foot].filter(Boolean)), ...keys);
  return item;
}
