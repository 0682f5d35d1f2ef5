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

// Letters that decide can be switched off (WCAG 2.1.4): speech and shaking hands press them by mistake.
const keys = document.getElementById("keys");
if (keys) {
  keys.checked = localStorage.getItem("keys") !== "off";
  keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
}
