// What htmx does not do: keys of the type-ahead list and of the review queue. No page needs this to work.
"use strict";

document.addEventListener("keydown", (event) => {
  const box = document.getElementById("q");
  const list = document.getElementById("suggestions");
  if (list && box && (event.target === box || list.contains(event.target))) {
    const links = [...list.querySelectorAll("a")];
    const place = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[Math.min(place + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && place >= 0) {
      event.preventDefault();
      (place === 0 ? box : links[place - 1]).focus();
    } else if (event.key === "Escape") {
      list.replaceChildren();
      box.focus();
    }
    return;
  }
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
  // A key that is held would decide row after row.
  if (isTyping || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!document.getElementById("keys")?.checked) return;
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (pressed) {
    event.preventDefault();
    pressed.click();
  }
});

document.addEventListener("click", (event) => {
  const list = document.getElementById("suggestions");
  if (list && !event.target.closest(".typing")) list.replaceChildren();
});

// Suggestions that arrive after the search was sent, or after somebody has gone on, must not cover what was found.
let isSent = false;
document.addEventListener("input", (event) => {
  if (event.target.id === "q") isSent = false;
});
document.addEventListener("submit", () => {
  isSent = true;
  document.getElementById("suggestions")?.replaceChildren();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const hasLeft = document.activeElement !== document.getElementById("q");
  if (event.detail.target.id === "suggestions" && (isSent || hasLeft)) event.detail.shouldSwap = false;
});

// Who searches is told that the answer is on its way, and when none came: what was found before is still shown then.
const isSearch = (event) => event.detail.target?.id === "results";
const tell = (words) => {
  const note = Object.assign(document.createElement("p"), { className: "note wrong", role: "alert", textContent: words });
  document.getElementById("failed")?.replaceChildren(...(words ? [note] : []));
};
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isSearch(event)) return;
  event.detail.target.setAttribute("aria-busy", "true");
  tell("");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (isSearch(event)) event.detail.target.removeAttribute("aria-busy");
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (isSearch(event)) tell("No answer came. Is the network there? Below is what was found before; search again.");
  });
}
document.addEventListener("htmx:responseError", (event) => {
  if (!isSearch(event)) return;
  const said = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector(".note.wrong");
  tell(`${said?.textContent ?? "The server could not answer."} Below is what was found before.`);
});

// Letters that decide can be switched off (WCAG 2.1.4): speech and shaking hands press them by mistake.
const keys = document.getElementById("keys");
if (keys) {
  keys.checked = localStorage.getItem("keys") !== "off";
  keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
}
