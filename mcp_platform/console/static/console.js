// What pages do beyond links and forms. Without it everything still works.

// A button that was pressed is busy until the next page is there, and is pressed once.
document.addEventListener("submit", ({ target, submitter }) => {
  if (target.dataset.sent || target.method !== "post" || target.hasAttribute("hx-post")) return;
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

// "/" leads to the search of a page, unless somebody writes.
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select, textarea, [contenteditable]");
  const search = document.querySelector("input[type=search]");
  if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey || !search) return;
  event.preventDefault();
  search.focus();
  search.select();
});
