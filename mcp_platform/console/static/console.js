// What pages do beyond links and forms. Without it everything still works.

// A button that was pressed is busy until the next page is there, and is pressed once.
document.addEventListener("submit", ({ target, submitter }) => {
  if (target.dataset.sent || target.method !== "post" || target.hasAttribute("hx-post")) return;
  if ("download" in target.dataset) return; // a file is no next page: the button would stay busy
  setTimeout(() => {
    target.dataset.sent = "yes";
    submitter?.setAttribute("aria-busy", "true");
  }, 150);
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
}, true);
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// Copying needs a script, so the buttons for it are hidden until there is one.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = document.getElementById(button.dataset.copy).innerText.trim();
    await navigator.clipboard.writeText(lines);
    const said = button.querySelector("span");
    const before = said.textContent;
    said.textContent = button.dataset.copied;
    setTimeout(() => { said.textContent = before; }, 2000);
  });
}

// A file is read here into the field that is sent: forms carry text alone.
for (const box of document.querySelectorAll("[data-file-into]")) {
  box.hidden = false;
  box.querySelector("input").addEventListener("change", async ({ target }) => {
    document.getElementById(box.dataset.fileInto).value = await target.files[0].text();
  });
}

// Keys: Ctrl K (or the link) opens the palette; "/" leads to the search of a page, "g" and a letter to a
// place, "?" to the keys. Single letters do nothing while somebody writes, or where they are switched off.
const letters = !document.body.hasAttribute("data-keys-off");
let going = 0; // when "g" was pressed

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    if (!document.querySelector("[data-palette]")) return;
    event.preventDefault();
    openPalette();
    return;
  }
  const writing = event.target.closest?.("input, select, textarea, [contenteditable], dialog");
  if (!letters || writing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const search = document.querySelector("main input[type=search]");
  const place = Date.now() - going < 1500 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  going = event.key === "g" ? Date.now() : 0;
  if (place) place.click();
  else if (event.key === "?" && document.querySelector("[data-palette]")) openPalette(true);
  else if (event.key === "/" && search) {
    search.focus();
    search.select();
  } else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openPalette();
});

async function palette(address, form) {
  const answer = await fetch(address, { ...form, headers: { "hx-request": "true" } });
  if (answer.status === 401) location.reload(); // the session ended: signing in leads back here
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

async function openPalette(help = false) {
  const at = /^\/console\/t\/([^/]+\/[^/]+)/.exec(location.pathname)?.[1] ?? "";
  const page = await palette(`/console/palette?${new URLSearchParams({ at })}`).catch(() => null);
  if (!page || document.querySelector("dialog.palette")) return;
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", page.querySelector("#palette-entries").getAttribute("aria-label"));
  dialog.append(page.querySelector(".palette-in"));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  const input = dialog.querySelector("input[type=search]");
  dialog.querySelector("details").open = help;
  input.focus();
  let timer = null;
  let asked = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      asked += 1;
      const mine = asked;
      const body = new URLSearchParams(new FormData(input.form));
      const found = await palette(input.form.action, { method: "POST", body }).catch(() => null);
      if (!found || mine !== asked) return;
      const list = dialog.querySelector("#palette-entries");
      list.replaceChildren(...found.querySelector("#palette-entries").childNodes);
    }, 120);
  });
  dialog.addEventListener("keydown", (event) => {
    const links = [...dialog.querySelectorAll("#palette-entries a")];
    const now = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[now + 1] ?? links[0])?.focus();
    else if (event.key === "ArrowUp") (now > 0 ? links[now - 1] : input).focus();
    else if (event.key === "Enter" && document.activeElement === input) links[0]?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
}
