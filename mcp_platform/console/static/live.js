// The live stream: one for a browser, however many tabs it has. The tab that holds the lock has it, and
// tells the others what changed. A page says with `data-topic` what it looks at, and hears
// `live:change` when that changed. Without this module, or without a stream, pages ask now and then.

const AGAIN = 60_000; // after a refusal: there are too many streams, or none is served
const SOON = 5_000; // after an end: the sign-in is over, or the service starts again
const GATHERED = 200; // milliseconds in which tabs say what they look at

const mine = [...new Set([...document.querySelectorAll("[data-topic]")].map((each) => each.dataset.topic))];

if (mine.length && navigator.locks && window.EventSource && window.BroadcastChannel) join();

function join() {
  const me = Math.random().toString(36).slice(2);
  const tabs = new BroadcastChannel("mcp-live");
  const want = () => tabs.postMessage({ kind: "want", tab: me, topics: mine });

  function hear({ kind, topic, on }) {
    if (kind === "state") document.documentElement.dataset.live = on ? "on" : "off";
    if (kind === "who") want();
    const changed = kind === "all" ? mine : kind === "change" && mine.includes(topic) ? [topic] : [];
    for (const detail of changed) document.dispatchEvent(new CustomEvent("live:change", { detail }));
  }

  tabs.addEventListener("message", ({ data }) => hear(data));
  addEventListener("pagehide", () => tabs.postMessage({ kind: "gone", tab: me }));
  want();

  // The lock is held until this tab is gone; then the next one has it.
  navigator.locks.request("mcp-live", () => new Promise(() => lead(me, tabs, hear)));
}

function lead(me, tabs, hear) {
  const wanted = new Map([[me, mine]]);
  let source = null;
  let open = "";
  let timer = null;

  function share(message) {
    tabs.postMessage(message);
    hear(message);
  }

  function arrange(after = GATHERED) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const topics = [...new Set([...wanted.values()].flat())].sort();
      const query = new URLSearchParams(topics.map((each) => ["topic", each])).toString();
      if (source && query === open) return share({ kind: "state", on: source.readyState === EventSource.OPEN });
      source?.close();
      open = query;
      begin(`/console/live?${query}`);
    }, after);
  }

  function begin(address) {
    source = new EventSource(address);
    const end = (after) => {
      source.close();
      source = null;
      share({ kind: "state", on: false });
      arrange(after);
    };
    source.addEventListener("open", () => {
      share({ kind: "state", on: true });
      share({ kind: "all" }); // what changed while nobody listened
    });
    source.addEventListener("change", ({ data }) => share({ kind: "change", topic: data.split(" ")[0] }));
    source.addEventListener("end", () => {
      end(SOON);
      share({ kind: "all" }); // who is signed in no more is told so
    });
    source.addEventListener("error", ({ target }) => {
      if (target !== source) return;
      if (target.readyState === EventSource.CLOSED) end(AGAIN);
      else share({ kind: "state", on: false });
    });
  }

  tabs.addEventListener("message", ({ data: { kind, tab, topics } }) => {
    if (kind === "want") wanted.set(tab, topics);
    else if (kind === "gone") wanted.delete(tab);
    else return;
    arrange();
  });
  tabs.postMessage({ kind: "who" });
  arrange();
}
