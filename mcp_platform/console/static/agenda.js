// What the agenda does beyond links and forms: it stays fresh, a date that is picked is shown, and
// appointments are moved by dragging and by keys. A move only opens the page that asks whether it is
// meant. Without this module everything still works.

const MINUTE = 60_000; // each look costs the business one request at its calendar
const SELDOM = 5 * MINUTE; // where the live stream tells of appointments, and only calendars are asked for
const FAR = 8; // pixels, from which on a press is a drag
const LONG = 300; // milliseconds, from which on a touch is one
const HOUR = 12; // rows

document.addEventListener("change", ({ target }) => {
  if (target.matches(".pick input[type=date]") && target.value) target.form.requestSubmit();
});

// A sheet that nobody looks at, or on which somebody is about to do something, is left alone.
let looked = Date.now();
let due = false;
function freshen() {
  const sheet = document.querySelector("[data-agenda]");
  const every = document.documentElement.dataset.live === "on" ? SELDOM : MINUTE;
  if (!sheet || !(due || Date.now() - looked >= every)) return;
  if (document.hidden || grabbed || sheet.contains(document.activeElement)) return;
  looked = Date.now();
  due = false;
  htmx.ajax("GET", location.pathname + location.search, { target: "#agenda", select: "#agenda", swap: "outerHTML" });
}
setInterval(freshen, 2_000); // also what was left alone is made up for
document.addEventListener("live:change", ({ detail }) => {
  if (detail !== document.querySelector("[data-agenda]")?.dataset.topic) return;
  due = true;
  freshen();
});

// What was just done can be undone for some seconds: then the button goes.
for (const form of document.querySelectorAll("form[data-left]")) {
  const said = form.querySelector("small");
  const words = said.textContent;
  let left = Number(form.dataset.left);
  const timer = setInterval(() => {
    left -= 1;
    said.textContent = words.replace(/\d+/, left);
    if (left > 0) return;
    clearInterval(timer);
    if (!form.dataset.sent) form.remove();
  }, 1_000);
}

// What is being moved: its link, and where it would be put: a column, and a row in it.
let grabbed = null;

const columns = () => [...document.querySelectorAll(".board .col")];
const rows = () => document.querySelectorAll(".board .rows-of span").length * HOUR;
const numbered = (element, letter) =>
  Number([...element.classList].find((name) => RegExp(`^${letter}\\d+$`).test(name)).slice(1));

function grab(link) {
  const entry = link.closest(".entry");
  const column = link.closest(".col");
  const first = numbered(entry, "f");
  const ghost = document.createElement("div");
  grabbed = { link, entry, column, row: first, length: numbered(entry, "l"), ghost, from: { column, row: first } };
  entry.classList.add("grabbed");
  show();
}

function show() {
  const { column, row, length, ghost } = grabbed;
  ghost.className = `ghost f${row} l${length}`;
  ghost.textContent = clock();
  column.querySelector(".ground").append(ghost);
  document.querySelector("[data-moved]").textContent = `${clock()} · ${column.querySelector("h3").textContent}`;
}

function clock() {
  const minutes = Number(document.querySelector(".board").dataset.from) * 60 + grabbed.row * 5;
  return [Math.floor(minutes / 60) % 24, minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function put(column, row) {
  grabbed.column = column;
  grabbed.row = Math.max(0, Math.min(row, rows() - grabbed.length));
  show();
}

function letGo() {
  if (!grabbed) return;
  grabbed.entry.classList.remove("grabbed");
  grabbed.ghost.remove();
  document.querySelector("[data-moved]").textContent = "";
  grabbed = null;
}

function drop() {
  const { link, column, row, from } = grabbed;
  const start = `${column.dataset.day}T${clock()}`;
  const same = column === from.column && row === from.row;
  letGo();
  if (!same) location.assign(`${link.dataset.move}?${new URLSearchParams({ start, who: column.dataset.who })}`);
}

// Dragging: the mouse after a few pixels, a finger after it has rested.
let press = null;

document.addEventListener("pointerdown", (event) => {
  const link = event.target.closest(".entries a[data-move]");
  if (!link || event.button !== 0) return;
  const above = event.clientY - link.getBoundingClientRect().top;
  press = { link, above, x: event.clientX, y: event.clientY, touch: event.pointerType === "touch" };
  if (press.touch) press.timer = setTimeout(() => grab(link), LONG);
});

document.addEventListener("pointermove", ({ clientX, clientY }) => {
  if (!press) return;
  const far = Math.hypot(clientX - press.x, clientY - press.y) >= FAR;
  if (!grabbed && far && press.touch) return endPress();
  if (!grabbed && far) grab(press.link);
  if (!grabbed) return;
  const under = columns().find((column) => {
    const { left, right } = column.getBoundingClientRect();
    return left <= clientX && clientX < right;
  });
  const column = under ?? grabbed.column;
  const lanes = column.querySelector(".lanes").getBoundingClientRect();
  put(column, Math.round((clientY - press.above - lanes.top) / (lanes.height / rows())));
});

document.addEventListener("pointerup", () => {
  if (press && grabbed) {
    // The click that follows would open what was dragged.
    const { link } = grabbed;
    link.addEventListener("click", (event) => event.preventDefault(), { once: true, capture: true });
    setTimeout(drop);
  }
  endPress();
});
document.addEventListener("pointercancel", () => { endPress(); letGo(); });
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("a[data-move]")) event.preventDefault(); });
document.addEventListener("touchmove", (event) => { if (grabbed) event.preventDefault(); }, { passive: false });

function endPress() {
  clearTimeout(press?.timer);
  press = null;
}

// Keys: arrows go from one appointment to the next; `m` takes it, arrows shift it by five minutes or to
// the next column, Enter asks whether it is meant, Escape lets it go.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && grabbed) { endPress(); return letGo(); }
  const link = event.target.closest?.(".entries a");
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (grabbed) {
    const all = columns();
    if (down) put(grabbed.column, grabbed.row + down);
    else if (across) put(all[all.indexOf(grabbed.column) + across] ?? grabbed.column, grabbed.row);
    else if (event.key === "Enter") drop();
    else return;
  } else if (event.key === "m" && link.dataset.move) grab(link);
  else if (down || across) go(link, down ?? 0, across ?? 0);
  else return;
  event.preventDefault();
});
document.addEventListener("focusout", () => { if (grabbed && !press) letGo(); });

function go(link, down, across) {
  const inside = (column) => [...column.querySelectorAll(".entries a")];
  const column = link.closest(".col");
  const mine = inside(column);
  if (down) return mine[mine.indexOf(link) + down]?.focus();
  const at = (each) => numbered(each.closest(".entry"), "f");
  const others = columns();
  for (let next = others.indexOf(column) + across; others[next]; next += across) {
    const near = inside(others[next]).sort((one, two) => Math.abs(at(one) - at(link)) - Math.abs(at(two) - at(link)));
    if (near.length) return near[0].focus();
  }
}

function tell() {
  for (const hint of document.querySelectorAll("[data-keys]")) hint.hidden = false;
}
tell();
document.addEventListener("htmx:afterSwap", tell);
