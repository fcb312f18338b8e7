// A page of conversations asks for news while it is looked at, and puts them in without disturbing
// who reads or writes: what is scrolled stays where it is, and what is written stays written.

const at = (id, within = document) => within.getElementById?.(id) ?? within.querySelector(`#${id}`);

async function look(page) {
  const address = new URL(page.dataset.live, location.href);
  address.searchParams.set("seen", page.dataset.version);
  const answer = await fetch(address, { headers: { "hx-request": "true" } });
  if (answer.status === 401) location.reload(); // the session ended: signing in leads back here
  if (answer.status !== 200) return;
  const news = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = news.querySelector("[data-live]");
  page.dataset.version = fresh.dataset.version;
  if (page.id) page.replaceChildren(...fresh.childNodes);
  else renew(fresh);
}

function renew(fresh) {
  const scroll = at("scroll");
  const before = { top: scroll.scrollTop, height: scroll.scrollHeight };
  for (const id of ["handling", "thread", "facts"]) {
    at(id).replaceChildren(...at(id, fresh).childNodes);
  }
  // It counts from its end: who reads further up keeps the line that is read.
  if (before.top < -40) scroll.scrollTop = before.top - (scroll.scrollHeight - before.height);
  at("news").textContent = at("news").dataset.news;
  const form = at("composer");
  const next = at("composer", fresh);
  if (form.dataset.state === next.dataset.state) return;
  form.dataset.state = next.dataset.state;
  const field = form.querySelector(".field");
  const written = field?.querySelector("textarea").value;
  form.replaceChildren(...next.childNodes);
  if (written) {
    const empty = form.querySelector("textarea");
    if (empty) empty.value = written;
    else form.querySelector("form")?.prepend(field);
  }
  ready();
}

// Where there are keys, Enter sends; with Shift it breaks the line, as in any chat.
function ready() {
  const text = at("text");
  if (!text || !matchMedia("(pointer: fine)").matches) return;
  for (const told of document.querySelectorAll("[data-keys]")) told.hidden = false;
  // A slash in an empty reply opens the canned ones.
  text.addEventListener("keydown", (event) => {
    const canned = document.querySelector("[data-canned]");
    if (event.key !== "/" || text.value || !canned) return;
    event.preventDefault();
    canned.open = true;
    canned.querySelector("button, a").focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !text.value.trim()) return;
    event.preventDefault();
    text.form.requestSubmit(text.form.querySelector("button"));
  });
}

ready();
// It looks when the live stream says so, and now and then besides: what was missed is found so, and
// everything where there is no stream.
const SELDOM = 60; // seconds

for (const page of document.querySelectorAll("[data-live]")) {
  let asking = false;
  let due = false;
  let looked = Date.now();
  const news = async () => {
    due = true;
    while (due && !asking && !document.hidden) {
      asking = true;
      due = false;
      looked = Date.now();
      await look(page).catch(() => {}); // away for a moment: it is asked again
      asking = false;
    }
  };
  document.addEventListener("live:change", ({ detail }) => { if (detail === page.dataset.topic) news(); });
  document.addEventListener("visibilitychange", () => { if (due) news(); });
  setInterval(() => {
    const every = document.documentElement.dataset.live === "on" ? SELDOM : page.dataset.every;
    if (Date.now() - looked >= every * 1000 - 100) news();
  }, page.dataset.every * 1000);
}
