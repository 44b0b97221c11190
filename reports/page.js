"use strict";
(() => {
  const list = Array.from(document.querySelectorAll("details.scenario"));
  const bar = document.querySelector(".filter");
  if (bar) {
    bar.hidden = false;
    const shows = Array.from(bar.querySelectorAll("[data-show]"));
    for (const button of shows) {
      button.addEventListener("click", () => {
        for (const other of shows) other.setAttribute("aria-pressed", String(other === button));
        for (const d of list) d.hidden = button.dataset.show !== "all" && !d.classList.contains(button.dataset.show);
      });
    }
    const opener = bar.querySelector("[data-open]");
    opener.addEventListener("click", () => {
      const open = opener.dataset.open === "true";
      for (const d of list) d.open = open;
      opener.dataset.open = String(!open);
      opener.textContent = open ? "Close all" : "Open all";
    });
  }
  window.addEventListener("beforeprint", () => { for (const d of list) d.open = true; });
})();
