(() => {
  "use strict";
  const STEP = 200;
  const list = document.getElementById("items");
  const quiet = document.getElementById("quiet");
  const controls = document.getElementById("controls");
  const status = document.getElementById("status");
  const search = document.getElementById("search");
  const more = document.getElementById("more");
  if (list && controls) {
    const loud = Array.from(list.querySelectorAll("[data-state]"));
    const items = loud.concat(quiet ? Array.from(quiet.querySelectorAll(".qs>p")) : []);
    // What passed has its state, severity and domain once for each rule.
    const facts = new Map(items.map((item) => [item, item.dataset.state ? item.dataset : { ...item.parentElement.dataset, ...item.dataset }]));
    const texts = new Map();
    const textOf = (item) => {
      let text = texts.get(item);
      if (text === undefined) {
        text = (item.dataset.state ? item : item.parentElement.firstChild).textContent;
        text = (item.dataset.state ? text : `${text} ${item.textContent}`).toLowerCase();
        texts.set(item, text);
      }
      return text;
    };
    const selects = Array.from(controls.querySelectorAll("select")).filter((one) => one.name !== "group");
    const grouping = controls.querySelector("select[name=group]");
    const boxes = Array.from(controls.querySelectorAll("input[type=checkbox]"));
    const first = boxes.map((box) => box.checked);
    const order = new Map(loud.map((item, at) => [item, at]));
    let limit = STEP;
    let asked = false;
    let grouped = grouping ? grouping.value : "";

    const titleOf = (item) =>
      Array.from(item.querySelector(".say").childNodes)
        .filter((node) => node.className !== "who")
        .map((node) => node.textContent)
        .join("");
    const regroup = () => {
      if (!grouping || grouping.value === grouped) {
        return;
      }
      grouped = grouping.value;
      const sorted = loud.slice().sort((a, b) => order.get(a) - order.get(b));
      const parts = document.createDocumentFragment();
      const groups = new Map();
      for (const item of sorted) {
        const key = item.dataset[grouped];
        if (!groups.has(key)) {
          groups.set(key, []);
        }
        groups.get(key).push(item);
      }
      for (const [key, members] of groups) {
        if (grouped === "cause" && members.length < 2) {
          parts.append(...members);
          continue;
        }
        const group = document.createElement("details");
        group.className = "g";
        const summary = document.createElement("summary");
        const chip = document.createElement("span");
        chip.className = `chip ${members[0].dataset.severity}`;
        chip.textContent = members[0].dataset.severity;
        const say = document.createElement("span");
        say.className = "say";
        const option = grouped === "owner" ? controls.querySelector(`select[name=owner] option[value="${key}"]`) : null;
        say.textContent = option ? option.textContent : grouped === "cause" ? titleOf(members[0]) : key;
        const who = document.createElement("span");
        who.className = "who";
        const count = document.createElement("span");
        count.className = "count";
        who.append(count);
        say.append(who);
        const id = document.createElement("span");
        id.className = "id";
        const rules = Array.from(new Set(members.map((member) => member.dataset.rule)));
        id.textContent = grouped === "cause" ? rules[0] + (rules.length > 1 ? ` (+ ${rules.length - 1} more)` : "") : "";
        summary.append(chip, say, id);
        group.append(summary, ...members);
        parts.append(group);
      }
      list.replaceChildren(parts);
    };

    const remember = () => {
      const state = new URLSearchParams();
      if (search.value) {
        state.set("q", search.value);
      }
      for (const select of selects) {
        if (select.value !== "") {
          state.set(select.name, select.value);
        }
      }
      if (grouping && grouping.value !== grouping.dataset.first) {
        state.set("group", grouping.value);
      }
      if (boxes.some((box, at) => box.checked !== first[at])) {
        state.set("show", boxes.filter((box) => box.checked).map((box) => box.value).join("."));
      }
      const text = state.toString();
      if (text || location.hash.includes("=")) {
        history.replaceState(null, "", text ? `#${text}` : location.pathname);
      }
    };

    const recall = () => {
      if (!location.hash.includes("=")) {
        return;
      }
      const state = new URLSearchParams(location.hash.slice(1));
      search.value = state.get("q") || "";
      for (const select of selects) {
        select.value = state.get(select.name) || "";
      }
      if (grouping) {
        grouping.value = state.get("group") || grouping.dataset.first;
      }
      if (state.has("show")) {
        const shown = state.get("show").split(".");
        for (const box of boxes) {
          box.checked = shown.includes(box.value);
        }
      }
    };

    const apply = () => {
      asked = false;
      regroup();
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const states = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const wanted = selects.filter((select) => select.value !== "").map((select) => [select.name, select.value]);
      const counts = new Map();
      let fitting = 0;
      let flat = 0;
      for (const item of items) {
        const fact = facts.get(item);
        const fits =
          states.has(fact.state) &&
          wanted.every(([name, value]) => fact[name] === value) &&
          words.every((word) => textOf(item).includes(word));
        const group = item.parentElement.className === "g" ? item.parentElement : null;
        if (fits) {
          fitting += 1;
          counts.set(group, (counts.get(group) || 0) + 1);
        }
        // What is inside of a closed group does not count.
        const shown = fits && (group !== null || flat < limit);
        flat += fits && group === null ? 1 : 0;
        if (item.hidden === shown) {
          item.hidden = !shown;
        }
      }
      for (const group of list.querySelectorAll(".g")) {
        const number = counts.get(group) || 0;
        group.hidden = number === 0;
        const count = group.querySelector(".count");
        if (count) {
          count.textContent = `${number} ${number === 1 ? "finding" : "findings"}`;
        }
      }
      for (const part of list.querySelectorAll(".part, .cat")) {
        part.hidden = !part.querySelector("[data-state]:not([hidden])");
      }
      if (quiet) {
        quiet.hidden = !states.has("pass") && !states.has("notApplicable");
        quiet.open = !quiet.hidden;
        for (const part of quiet.children) {
          part.hidden = part.className !== "qs" || !part.querySelector("p:not([hidden])");
        }
      }
      more.hidden = flat <= limit;
      status.textContent = `${fitting} of ${items.length} shown`;
      for (const tile of document.querySelectorAll(".pick")) {
        const select = controls.querySelector(`select[name=${tile.dataset.filter}]`);
        tile.setAttribute("aria-pressed", String(select !== null && select.value === tile.dataset.value));
      }
      remember();
    };
    const later = () => {
      limit = STEP;
      if (!asked) {
        asked = true;
        requestAnimationFrame(apply);
      }
    };
    controls.addEventListener("input", later);
    controls.addEventListener("submit", (event) => event.preventDefault());
    more.addEventListener("click", () => {
      limit += STEP;
      apply();
    });
    document.addEventListener("click", (event) => {
      const tile = event.target.closest(".pick");
      if (tile) {
        const select = controls.querySelector(`select[name=${tile.dataset.filter}]`);
        select.value = select.value === tile.dataset.value ? "" : tile.dataset.value;
        apply();
        document.getElementById("findings").scrollIntoView();
      }
      const cell = event.target.closest(".cell");
      if (cell) {
        search.value = cell.dataset.rule;
        for (const box of boxes) {
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
    recall();
    apply();
    addEventListener("beforeprint", () => {
      limit = Infinity;
      apply();
    });
  }
  const reveal = () => {
    const target = location.hash.length > 1 && !location.hash.includes("=") ? document.getElementById(location.hash.slice(1)) : null;
    for (let one = target; one; one = one.parentElement) {
      one.hidden = false;
      if (one.tagName === "DETAILS") {
        one.open = true;
      }
    }
    if (target) {
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  addEventListener("hashchange", () => {
    if (location.hash.includes("=") && search) {
      search.value = new URLSearchParams(location.hash.slice(1)).get("q") || "";
      search.dispatchEvent(new Event("input", { bubbles: true }));
      controls.scrollIntoView();
    }
  });
  reveal();
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
