// What the agenda does beyond links and forms: it stays fresh, and a date that is picked is shown.
// Without it everything still works.

const MINUTE = 60_000; // each look costs the business one request at its calendar

document.addEventListener("change", ({ target }) => {
  if (target.matches(".pick input[type=date]") && target.value) target.form.requestSubmit();
});

// A sheet that nobody looks at, or on which something is being moved, is left alone.
setInterval(() => {
  const sheet = document.querySelector("[data-agenda]");
  if (!sheet || document.hidden || sheet.querySelector(".grabbed, .ghost")) return;
  if (sheet.contains(document.activeElement)) return;
  htmx.ajax("GET", location.pathname + location.search, { target: "#agenda", select: "#agenda", swap: "outerHTML" });
}, MINUTE);
