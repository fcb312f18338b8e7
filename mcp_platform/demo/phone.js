// The demonstration's page: paints what /demo/api says, and sends what is written and tapped.
// Text only ever enters the page as text (textContent), never as markup.

const STRINGS = {
  "pt-BR": {
    demo: "demonstração", language: "Idioma", business: "Empresa", person: "Você é", owner: "dono",
    phone: "Telefone", conversation: "Conversa", message: "Mensagem", send: "Enviar", close: "Fechar",
    calendar: "Agenda da empresa", days: "Dias mostrados", earlier: "Dias anteriores", later: "Próximos dias",
    today: "Hoje", own: "Compromissos próprios", online: "online", typing: "digitando…",
    empty: "Escreva como um cliente. A resposta vem da plataforma de verdade; só a Meta, o Gemini e o Google são simulados.",
    break_title: "E se algo falhar?", gone: "A demonstração parou. Rode de novo: make demo",
    sent: "enviada", delivered: "entregue", read: "lida", failed: "não entregue",
    gemini_off: "Gemini fora do ar", gemini_off_why: "O menu de botões assume e agenda do mesmo jeito.",
    calendar_unreadable: "Agenda ilegível", calendar_unreadable_why: "Nada é marcado às cegas; o dono é avisado.",
    answers_lost: "Respostas da Meta perdidas", answers_lost_why: "O envio fica incerto, e nada é repetido.",
    hints: ["Oi!", "Quais horários tem amanhã?", "Quanto custa?", "Quais são os meus horários?", "Quero cancelar", "Quero falar com uma pessoa"],
  },
  en: {
    demo: "demonstration", language: "Language", business: "Business", person: "You are", owner: "owner",
    phone: "Phone", conversation: "Conversation", message: "Message", send: "Send", close: "Close",
    calendar: "The business's calendar", days: "Days shown", earlier: "Earlier days", later: "Later days",
    today: "Today", own: "The owner's own", online: "online", typing: "typing…",
    empty: "Write as a customer. What answers is the real platform; only Meta, Gemini and Google are simulated.",
    break_title: "What if something fails?", gone: "The demonstration has stopped. Run it again: make demo",
    sent: "sent", delivered: "delivered", read: "read", failed: "not delivered",
    gemini_off: "Gemini down", gemini_off_why: "The menu of buttons takes over and books just the same.",
    calendar_unreadable: "Calendar unreadable", calendar_unreadable_why: "Nothing is booked blindly; the owner is told.",
    answers_lost: "Meta's answers lost", answers_lost_why: "The send is uncertain, and nothing is repeated.",
    hints: ["Hi!", "What times do you have tomorrow?", "How much is it?", "What are my appointments?", "I want to cancel", "I want to talk to a person"],
  },
};
const BREAKAGES = ["gemini_off", "calendar_unreadable", "answers_lost"];
const POLL_MS = 600;
const LINE = 14; // pixels of a line in an event
const OPENS = 8 * 60, CLOSES = 19 * 60; // what the calendar shows of a day, in minutes
const SCALE = 44 / 60; // pixels a minute; the stylesheet draws a line every 44 pixels

const at = (id) => document.getElementById(id);
const state = { language: "pt-BR", cast: [], business: null, person: null, from: null, painted: {}, events: new Map() };
const t = (key) => STRINGS[state.language][key];

function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (name === "disabled") element.disabled = value;
    else if (value !== undefined) element.setAttribute(name, value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/demo/api/${path}`, options);
  if (!response.ok) throw new Error((await response.json()).error);
  return response.json();
}

const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } };
const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

// Choosing language, business and person

function speak(language) {
  state.language = language;
  remember("language", language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  at("hints").replaceChildren(...t("hints").map((hint) => make("button", { type: "button", text: hint, onclick: () => write({ text: hint }) })));
  paintPeople();
  repaint();
}

function paintPeople() {
  at("person").replaceChildren(...state.business.people.map((each) =>
    make("option", { value: each.id, text: each.owner ? `${each.name} (${t("owner")})` : each.name })));
  at("person").value = state.person.id;
  at("legend").replaceChildren(
    ...state.business.agendas.map((agenda, index) => make("li", { class: index ? "second" : "" }, make("i"), agenda.name)),
    make("li", { class: "own" }, make("i"), t("own")));
}

function choose(business, person) {
  state.business = business;
  state.person = person ?? business.people[0];
  remember("business", business.id);
  at("business").value = business.id;
  at("name").textContent = business.name;
  at("avatar").textContent = business.name.split(" ").map((word) => word[0]).filter((letter) => letter !== letter.toLowerCase()).slice(0, 2).join("");
  state.events = new Map();
  state.fresh = false;
  paintPeople();
  repaint();
}

function repaint() {
  state.painted = {};
  at("chat").replaceChildren();
  poll();
}

// Polling: one request for all that is shown; painted only where something changed

let polling = 0;
async function poll() {
  const turn = ++polling; // a later poll makes this one worthless
  const query = new URLSearchParams({ business: state.business.id, contact: state.person.id });
  if (state.from) query.set("from", state.from);
  try {
    const told = await ask(`state?${query}`);
    if (turn !== polling) return;
    at("gone").hidden = true;
    paint("chat", { messages: told.messages, typing: told.typing }, paintChat);
    paint("week", { ...told, messages: 0, typing: 0, broken: 0 }, () => paintWeek(told));
    paint("switches", told.broken, paintSwitches);
  } catch (error) {
    if (turn === polling) at("gone").hidden = !(error instanceof TypeError);
  }
}
setInterval(() => { if (!document.hidden && state.business) poll(); }, POLL_MS);

function paint(part, told, how) {
  const written = JSON.stringify(told);
  if (state.painted[part] === written) return;
  state.painted[part] = written;
  how(told);
}

// The phone

function paintChat({ messages, typing }) {
  const chat = at("chat");
  const nearEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 120;
  const known = new Map([...chat.querySelectorAll(".bubble")].map((bubble) => [bubble.dataset.id, bubble]));
  const lastChoice = messages.findLastIndex((message) => message.rows || message.buttons);
  const answered = messages.slice(lastChoice + 1).some((message) => message.mine);
  chat.querySelectorAll(".typing, .empty").forEach((element) => element.remove());
  messages.forEach((message, index) => {
    const bubble = known.get(message.id) ?? chat.appendChild(bubbleOf(message));
    paintTicks(bubble, message);
    const live = index === lastChoice && !answered;
    for (const button of bubble.querySelectorAll(".choices [data-reply]")) button.disabled = !live;
  });
  if (!messages.length) chat.append(make("p", { class: "empty", text: t("empty") }));
  if (typing) chat.append(make("div", { class: "typing", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
  at("presence").textContent = typing ? t("typing") : t("online");
  if (nearEnd || messages.at(-1)?.mine) chat.scrollTop = chat.scrollHeight;
}

function bubbleOf(message) {
  const bubble = make("div", { class: message.mine ? "bubble mine" : "bubble", "data-id": message.id },
    make("div", { class: "words", text: message.text }),
    make("div", { class: "foot" }, make("time", { text: message.at })));
  if (message.buttons) {
    bubble.append(make("div", { class: "choices" }, ...message.buttons.map((button) =>
      make("button", { type: "button", "data-reply": "", text: button.title, onclick: () => write({ reply: { ...button, kind: "button" } }) }))));
  }
  if (message.rows) {
    bubble.append(make("div", { class: "choices" },
      make("button", { type: "button", "data-reply": "", "aria-haspopup": "dialog", text: `☰ ${message.label}`, onclick: () => openSheet(message) })));
  }
  return bubble;
}

function paintTicks(bubble, { mine, ticks }) {
  if (!mine) return;
  if (bubble.dataset.ticks === ticks) return;
  bubble.dataset.ticks = ticks;
  bubble.querySelector(".ticks")?.remove();
  bubble.querySelector(".foot .unseen")?.remove();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 17 11");
  svg.setAttribute("class", `ticks ${ticks}`);
  svg.setAttribute("aria-hidden", "true");
  const shapes = { sent: "M4 6l3 3 6-7", failed: "M5 2l6 7M11 2l-6 7" };
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", shapes[ticks] ?? "M1 6l3 3 6-7M7.5 8.5l.5.5 6-7");
  svg.append(path);
  bubble.querySelector(".foot").append(svg, make("span", { class: "unseen", text: t(ticks) }));
}

function openSheet(message) {
  at("sheet-title").textContent = message.label;
  at("rows").replaceChildren(...message.rows.map((row) => {
    const words = make("span", {}, make("strong", { text: row.title }));
    if (row.description) words.append(make("small", { text: row.description }));
    return make("button", { type: "button", onclick: () => { at("sheet").close(); write({ reply: { ...row, kind: "list" } }); } }, words, make("i"));
  }));
  at("sheet").showModal();
  placeSheet();
}

// A modal dialog belongs to the window; ours covers the lower part of the phone.
function placeSheet() {
  const phone = document.querySelector(".phone");
  const { left, bottom, height } = phone.getBoundingClientRect();
  Object.assign(at("sheet").style, {
    left: `${left + phone.clientLeft}px`,
    width: `${phone.clientWidth}px`,
    bottom: `${Math.max(0, document.documentElement.clientHeight - bottom + phone.clientTop)}px`,
    maxHeight: `${height * 0.8}px`,
  });
}

async function write(what) {
  if (what.reply) at("chat").focus({ preventScroll: true }); // what was tapped cannot be tapped again
  const sending = ask("write", { business: state.business.id, contact: state.person.id, ...what }).catch(() => {});
  setTimeout(poll, 60);
  await sending;
  poll();
}

// The calendar

function paintWeek({ days, today, minute, events }) {
  const week = at("week");
  const firstPaint = !state.fresh;
  const shown = new Map();
  const cells = [make("div", { class: "day-name" })];
  for (const day of days) {
    const date = new Date(`${day}T12:00:00Z`);
    const name = new Intl.DateTimeFormat(state.language, { weekday: "short", timeZone: "UTC" }).format(date).replace(".", "");
    cells.push(make("div", { class: day === today ? "day-name today" : "day-name" }, name, make("b", { text: String(date.getUTCDate()) })));
  }
  const hours = make("div", { class: "hours", "aria-hidden": "true" });
  for (let hour = OPENS / 60 + 1; hour < CLOSES / 60; hour++) {
    const mark = make("span", { text: `${hour}h` });
    mark.style.top = `${(hour * 60 - OPENS) * SCALE}px`;
    hours.append(mark);
  }
  cells.push(hours);
  days.forEach((day, index) => {
    const cell = make("div", { class: day < today ? "day past" : "day" });
    const its = events.filter((each) => each.day === index && each.to > OPENS && each.from < CLOSES);
    for (const event of its) {
      const key = `${event.id} ${event.day} ${event.from}`;
      shown.set(key, true);
      cell.append(eventOf(event, { fresh: !firstPaint && event.ours && !state.events.has(key), beside: its }));
    }
    if (day === today && minute > OPENS && minute < CLOSES) {
      const line = make("div", { class: "nowline" });
      line.style.top = `${(minute - OPENS) * SCALE}px`;
      cell.append(line);
    }
    cells.push(cell);
  });
  const left = week.scrollLeft;
  week.replaceChildren(...cells);
  week.scrollLeft = left;
  state.events = shown;
  state.fresh = true;
}

function eventOf(event, { fresh, beside }) {
  const lane = state.business.agendas.findIndex((agenda) => agenda.id === event.agenda);
  const crowded = beside.some((each) => each.agenda !== event.agenda && each.from < event.to && event.from < each.to);
  const lanes = crowded ? state.business.agendas.length : 1;
  const from = Math.max(event.from, OPENS);
  const height = (Math.min(event.to, CLOSES) - from) * SCALE;
  const look = ["event", lane ? "second" : "", event.ours ? "" : "own", height < 30 ? "short" : "", fresh ? "fresh" : ""].filter(Boolean).join(" ");
  const start = event.label.split("–")[0];
  const agendas = state.business.agendas;
  const title = !event.ours && agendas.length > 1 ? `${event.title} · ${agendas[lane].name}` : event.title;
  const words = make("span", {}, make("b", { text: start }), ` ${title}`);
  words.style.maxHeight = `${Math.max(1, Math.floor((height - 4) / LINE)) * LINE}px`; // no half lines
  const box = make("div", { class: look, title: `${event.label} ${title} (${agendas[lane].name})` }, words);
  box.style.top = `${(from - OPENS) * SCALE + 1}px`;
  box.style.height = `${height - 2}px`;
  box.style.left = `calc(${crowded ? (lane / lanes) * 100 : 0}% + 2px)`;
  box.style.width = `calc(${100 / lanes}% - 4px)`;
  return box;
}

function turn(days) {
  const first = new Date(`${JSON.parse(state.painted.week).days[0]}T12:00:00Z`);
  first.setUTCDate(first.getUTCDate() + days);
  state.from = first.toISOString().slice(0, 10);
  state.fresh = false;
  poll();
}

// What can be broken

function paintSwitches(broken) {
  const focused = document.activeElement?.dataset?.name;
  at("switches").replaceChildren(...BREAKAGES.map((name) => {
    const on = broken.includes(name);
    return make("button", { type: "button", role: "switch", "aria-checked": String(on), "data-name": name,
      onclick: () => ask("break", { name, on: !on }).then(poll) },
      make("i"), make("strong", { text: t(name) }), make("small", { text: t(`${name}_why`) }));
  }));
  at("switches").querySelector(`[data-name="${focused}"]`)?.focus();
}

// Beginning

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  at("text").value = "";
  if (text) write({ text });
});
at("business").addEventListener("change", (event) => choose(state.cast.find((each) => each.id === event.target.value)));
at("person").addEventListener("change", (event) => choose(state.business, state.business.people.find((each) => each.id === event.target.value)));
for (const moved of ["resize", "scroll"]) window.addEventListener(moved, placeSheet, { passive: true });
at("sheet-close").addEventListener("click", () => at("sheet").close());
at("sheet").addEventListener("click", (event) => { if (event.target === at("sheet")) at("sheet").close(); });
at("earlier").addEventListener("click", () => turn(-7));
at("later").addEventListener("click", () => turn(7));
at("now").addEventListener("click", () => { state.from = null; state.fresh = false; poll(); });
for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => speak(button.dataset.language));

state.cast = (await ask("cast")).businesses;
at("business").replaceChildren(...state.cast.map((each) => make("option", { value: each.id, text: each.name })));
const wanted = recall("business");
choose(state.cast.find((each) => each.id === wanted) ?? state.cast.at(-1));
speak(recall("language") ?? (navigator.language.startsWith("pt") ? "pt-BR" : "en"));
