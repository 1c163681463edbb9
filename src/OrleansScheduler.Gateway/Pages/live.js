// Keeps the page current: an event of the cell, or a few seconds without one, fetch it again, and the parts that differ are put in place.
const pause = 1000;
const longestSilence = 5000;
const kinds = ["task", "job", "update", "cron", "node"];
let due = null;
let cursor = sessionStorage.getItem("cursor");

async function refresh() {
  due = null;
  if (!document.hidden) {
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      show(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      // The gateway is away for the moment: what is shown stays, and the next round asks again.
    }
  }
  plan(longestSilence);
}

function show(next) {
  const parts = next.querySelectorAll("[data-live]");
  const same = [...parts].every(part => document.getElementById(part.id));
  if (!same || parts.length !== document.querySelectorAll("[data-live]").length) {
    document.querySelector("main").replaceWith(next.querySelector("main"));
    return;
  }
  const focus = document.activeElement?.getAttribute("href");
  for (const part of parts) {
    const current = document.getElementById(part.id);
    if (current.innerHTML !== part.innerHTML) current.replaceWith(part);
  }
  if (focus && document.activeElement === document.body) document.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

function plan(delay) {
  const at = performance.now() + delay;
  if (due && due.at <= at) return;
  clearTimeout(due?.timer);
  due = { at, timer: setTimeout(refresh, delay) };
}

function watch() {
  const source = new EventSource(cursor ? `/v1/events?watch&after=${encodeURIComponent(cursor)}` : "/v1/events?watch");
  for (const kind of kinds) {
    source.addEventListener(kind, event => {
      sessionStorage.setItem("cursor", cursor = event.lastEventId);
      plan(pause);
    });
  }
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    sessionStorage.removeItem("cursor");
    cursor = null;
    setTimeout(watch, longestSilence);
  };
}

document.addEventListener("visibilitychange", () => document.hidden || plan(0));
watch();
plan(longestSilence);
