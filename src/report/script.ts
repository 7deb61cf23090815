/**
 * The page's filter: plain JavaScript, run as it stands. It only reads text that is on the page and hides what does not
 * match; the page is complete without it.
 */
export const SCRIPT = `"use strict";
(() => {
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const project = document.getElementById("project");
  const warned = document.getElementById("warned");
  const unfold = document.getElementById("unfold");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const standings = [...form.querySelectorAll("input[name=standing]")];
  const keys = [...document.querySelectorAll("#keys > .key")].map((item) => ({
    item,
    details: item.querySelector("details"),
    text: item.textContent.toLowerCase(),
    project: item.querySelector(".project").textContent,
    standing: standings.find((one) => item.classList.contains(one.value)).value,
    warned: item.classList.contains("warned"),
  }));

  function apply() {
    const words = query.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
    const wanted = new Set(standings.filter((one) => one.checked).map((one) => one.value));
    let count = 0;
    for (const key of keys) {
      const fits =
        wanted.has(key.standing) &&
        (project.value === "" || project.value === key.project) &&
        (!warned.checked || key.warned) &&
        words.every((word) => key.text.includes(word));
      key.item.hidden = !fits;
      if (fits) count += 1;
    }
    const all = keys.length + (keys.length === 1 ? " key" : " keys");
    shown.textContent = count === keys.length ? all : count + " of " + all;
    none.hidden = count > 0 || keys.length === 0;
  }

  function unfoldAll() {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Fold all" : "Unfold all";
    for (const key of keys) key.details.open = open;
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = keys.filter((key) => !key.details.open && (key.standing !== "VALID" || key.warned));
    for (const key of folded) key.details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const key of folded) key.details.open = false;
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, select, textarea") !== null;
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    query.focus();
  });
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  unfold.addEventListener("click", unfoldAll);
  form.hidden = keys.length < 2;
  apply();
})();
`;
