// finder finds what has these words on the page, brings it into view, and says where a person would click, or why that is not possible.
(kind, path) => {
  const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const labels = (e) => [e.getAttribute("aria-label"), ...[...(e.labels ?? [])].map((l) => l.textContent), e.textContent].map(words);
  const kinds = {
    act: "a[href], button, summary, input[type=submit]",
    field: "input:not([type=hidden]):not([type=submit]), select, textarea",
  };
  const name = path[path.length - 1];
  let scope = document;
  if (path.length > 1) {
    const parts = [...document.querySelectorAll("tr, section, details, li, .card")].filter((part) => shown(part)
      && [...part.querySelectorAll("th[scope=row], td, h1, h2, h3, summary, label, strong")].some((e) => words(e.textContent).startsWith(path[0])));
    scope = parts.reverse().find((part) => [...part.querySelectorAll(kinds[kind])].some((e) => shown(e) && labels(e).includes(name)));
    if (!scope) return { Why: `no part of the page is about "${path[0]}" and has it` };
  }
  const all = [...scope.querySelectorAll(kinds[kind])].filter((e) => labels(e).includes(name));
  const visible = all.filter(shown);
  const e = visible.find((v) => v.closest("main")) ?? visible[0];
  if (!e) return { Why: all.length ? "it is not visible" : "it is not there" };
  if (e.matches(":disabled")) return { Why: "it is disabled" };
  e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = e.getClientRects()[0];
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  window.spindleFound = e;
  if (!top || !(e.contains(top) || top.contains(e) || [...(e.labels ?? [])].some((l) => l.contains(top)))) return { Why: `it is covered by <${top?.tagName} class="${top?.className}">` };
  return { X: x, Y: y, Why: "" };
}
