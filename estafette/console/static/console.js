// What pages cannot do without a script: everything else works without this file.
"use strict";

// The server writes times where the browser is.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  document.cookie = `estafette_zone=${encodeURIComponent(zone)}; path=/console; max-age=31536000; samesite=lax`;
}

document.addEventListener("click", async (event) => {
  const menu = event.target.closest("[data-menu]");
  if (menu) {
    const isOpen = document.body.classList.toggle("menu-open");
    menu.setAttribute("aria-expanded", String(isOpen));
    return;
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const text = copy.dataset.copy || copy.closest(".code").querySelector("code").textContent;
    await navigator.clipboard.writeText(text);
    copy.classList.add("copied");
    setTimeout(() => copy.classList.remove("copied"), 1500);
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Choices that take effect at once, such as a filter.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-go]")) event.target.form.requestSubmit();
});

// How long until a time: `<span data-until="…">`, in hours and minutes.
function countDown() {
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((Date.parse(one.dataset.until) - Date.now()) / 60000));
    one.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}
countDown();
setInterval(countDown, 20000);
document.addEventListener("htmx:afterSwap", countDown);

// What is read from its end stays at its end, `<div data-end>`, or where somebody scrolled to.
let above = 0;
function toEnd() {
  for (const one of document.querySelectorAll("[data-end]")) {
    one.scrollTop = one.scrollHeight - one.clientHeight - above;
  }
}
toEnd();
document.addEventListener("htmx:beforeSwap", (event) => {
  const one = event.detail.target.closest("[data-end]");
  above = one ? one.scrollHeight - one.clientHeight - one.scrollTop : 0;
  if (above < 40) above = 0;
});
document.addEventListener("htmx:afterSwap", toEnd);
document.addEventListener("load", (event) => {
  if (event.target.closest?.("[data-end]")) toEnd(); // a picture takes its place
}, true);

// What somebody has opened is not swapped away by news; they come when it is closed.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isNews = event.detail.requestConfig.triggeringEvent?.type.startsWith("sse:");
  if (isNews && event.target.querySelector("details[open]")) event.preventDefault();
});
document.addEventListener("toggle", (event) => {
  const one = event.target.closest("[data-end]");
  if (one && !event.target.open) htmx.trigger(one, "sse:changed");
}, true);

// Ctrl + Enter, or Cmd + Enter, sends a form that is made for it.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest("[data-quick]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button:not([name])"));
  }
});

// A browser keeps few connections to one server: a page that nobody looks at lets go of the one by which
// it is told what happens. Seen again, it connects anew, and is told at once of what it missed.
const told = new Set();
htmx.createEventSource = (url) => {
  const source = new EventSource(url);
  told.add(source);
  return source;
};
document.addEventListener("visibilitychange", () => {
  for (const source of told) {
    if (document.hidden) {
      source.close();
    } else if (source.readyState === EventSource.CLOSED) {
      told.delete(source);
      source.dispatchEvent(new Event("error"));
    }
  }
});

// A page that is left, and words that are typed on, end what was asked for meanwhile: that is no error.
htmx.logger = (_, name, detail) => {
  const isEnded = name === "htmx:afterRequest" && detail.xhr?.status === 0;
  if (name === "htmx:sendAbort" || isEnded) detail.error = null;
};
