// The little that HTML does not do by itself. Everything works without it, only slower.
(() => {
  "use strict";

  // Filters act when they change; typing waits for a pause.
  document.addEventListener("change", (e) => {
    const form = e.target.closest("form[data-auto]");
    if (form && e.target.type !== "search") form.requestSubmit();
  });

  // "Select all" of a table, and the count of what is selected.
  const counted = (form) => {
    const boxes = form.querySelectorAll("tbody input[type=checkbox]:not(:disabled)");
    const chosen = [...boxes].filter((b) => b.checked).length;
    const all = form.querySelector("[data-select-all]");
    if (all) {
      all.checked = boxes.length > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    for (const el of form.querySelectorAll("[data-selected]")) el.textContent = String(chosen);
    for (const el of form.querySelectorAll("[data-needs-selection]")) el.disabled = chosen === 0;
  };
  document.addEventListener("change", (e) => {
    const form = e.target.closest("form[data-selection]");
    if (!form) return;
    if (e.target.matches("[data-select-all]")) {
      for (const b of form.querySelectorAll("tbody input[type=checkbox]:not(:disabled)")) b.checked = e.target.checked;
    }
    counted(form);
  });

  // Enter on a box would press the first button of the form, which nobody meant.
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.matches("form[data-selection] input[type=checkbox]")) e.preventDefault();
  });

  // A form is sent once, and its button says that the answer is awaited. It can be sent again when its page comes back, and after a while: a
  // download leads nowhere, and people stop what takes too long.
  const busyAfter = 300, again = 60000, againDownload = 4000;
  const forget = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (e) => {
    const form = e.target, download = "download" in form.dataset;
    if (form.method !== "post") return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => form.dataset.sent && e.submitter?.setAttribute("aria-busy", "true"), busyAfter);
    setTimeout(forget, download ? againDownload : again);
  });
  window.addEventListener("pageshow", forget);

  // What is marked so reloads once the server says that work is over.
  document.addEventListener("spindle:over", () => location.reload());

  // A page that follows a run hears something every second. When it does not, its stream is broken in a way that nobody told it, or never
  // began: then it loads anew, once the server answers.
  const silenceMax = 15000;
  let heard = Date.now();
  const hear = () => { heard = Date.now(); };
  for (const event of ["htmx:sse:after:message", "visibilitychange"]) document.addEventListener(event, hear);
  setInterval(async () => {
    if (document.hidden || !document.querySelector("[data-live]") || Date.now() - heard < silenceMax) return;
    hear();
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    if (answer?.ok) location.reload();
  }, 1000);

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-selection]")) counted(form);
    for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
        button.textContent = "Copied";
      });
    }
    const notice = document.querySelector(".notice[data-focus]");
    if (notice) notice.focus();
  });
})();
