(() => {
  "use strict";
  const list = document.getElementById("items");
  const controls = document.getElementById("controls");
  const status = document.getElementById("status");
  const search = document.getElementById("search");
  if (list && controls) {
    const items = Array.from(list.children);
    const texts = new Map();
    const textOf = (item) => {
      let text = texts.get(item);
      if (text === undefined) {
        text = item.textContent.toLowerCase();
        texts.set(item, text);
      }
      return text;
    };
    const selects = Array.from(controls.querySelectorAll("select"));
    let asked = false;
    const apply = () => {
      asked = false;
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const states = new Set(Array.from(controls.querySelectorAll("input[type=checkbox]:checked"), (box) => box.value));
      const wanted = selects.filter((select) => select.value !== "").map((select) => [select.name, select.value]);
      let shown = 0;
      for (const item of items) {
        const fits =
          states.has(item.dataset.state) &&
          wanted.every(([name, value]) => item.dataset[name] === value) &&
          words.every((word) => textOf(item).includes(word));
        if (item.hidden === fits) {
          item.hidden = !fits;
        }
        shown += fits ? 1 : 0;
      }
      status.textContent = `${shown} of ${items.length} shown`;
    };
    const later = () => {
      if (!asked) {
        asked = true;
        requestAnimationFrame(apply);
      }
    };
    controls.addEventListener("input", later);
    controls.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) {
        search.value = cell.dataset.rule;
        for (const box of controls.querySelectorAll("input[type=checkbox]")) {
          box.checked = true;
        }
        for (const select of selects) {
          select.value = select.name === "owner" ? cell.dataset.owner : "";
        }
        apply();
        controls.scrollIntoView();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
        event.preventDefault();
        search.focus();
      }
    });
    controls.hidden = false;
    apply();
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) {
      return;
    }
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      button.textContent = "selected";
    }
  });
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) {
      details.open = true;
    }
  });
})();
