import { allow, button, clock, fill, h, say, set, toolbar } from "./base.js";

/** The buttons that start, hold and end a run, and how far it is. */
export class Controls {
  constructor(panel, sections) {
    this.panel = panel;
    const act = (name) => () => panel.act("run", name);
    this.make = button("Make video", "Make the video of this lesson", () => {
      sections?.flush();
      panel.act("studio", "make");
    }, "vk-chief");
    this.all = button("Make all", "Make the videos of all lessons, as their files are", () => panel.act("studio", "make_all"));
    this.pause = button("Pause", "Begin nothing more until Resume", act("pause"));
    this.cancel = button("Cancel", "End the run; what is under way is finished and kept", act("cancel"));
    const step = (by) => () => panel.act("settings", "step", { name: "section_workers", by });
    this.fewer = button("Fewer workers", "One section less at once", step(-1));
    this.more = button("More workers", "One section more at once", step(1));
    this.python = button("Python", "The Python that does the same", () => panel.act("studio", "code"), "vk-quiet");
    this.said = h("p", { class: "vk-said", dir: "auto" });
    this.bar = h("progress", { "aria-label": "Sections that are over", max: 1, value: 0 });
    this.time = h("span", { class: "vk-small" });
    this.progress = h("div", { class: "vk-progress", hidden: true }, this.bar, this.time);
    this.code = h("pre", { class: "vk-code", tabindex: "0", hidden: true, "aria-label": "Python" });
    this.element = h("section", { class: "vk-controls", "aria-label": "Make" },
      toolbar("Make", this.make, this.all, this.pause, this.cancel, this.fewer, this.more, this.python),
      this.said, this.progress, this.code);
    panel.watch("run", (run) => this.update(run ?? {}));
  }

  update(run) {
    allow(this.make, !run.busy);
    allow(this.all, !run.busy);
    this.all.hidden = !run.several;
    allow(this.pause, run.busy && !run.ending);
    for (const each of [this.cancel, this.fewer, this.more]) allow(each, run.busy);
    const focused = this.panel.focused();
    for (const each of [this.pause, this.cancel, this.fewer, this.more]) each.hidden = !run.busy && each !== focused;
    say(this.pause, run.paused ? "Resume" : "Pause");
    set(this.pause, "title", run.paused ? "Go on where it was held" : "Begin nothing more until Resume");
    say(this.cancel, run.busy && run.ending ? "Stop at once" : "Cancel");
    say(this.said, run.said ?? "");
    set(this.said, "data-tone", run.tone);
    this.progress.hidden = !run.busy;
    set(this.bar, "max", run.total || 1);
    set(this.bar, "value", run.done ?? 0);
    const left = run.left === null || run.left === undefined ? "" : ` · about ${clock(run.left)} to go`;
    say(this.time, run.busy ? `${clock(run.taken)}${left}` : "");
    say(this.code, run.code ?? "");
    this.code.hidden = !run.code;
    set(this.python, "aria-expanded", String(Boolean(run.code)));
    if (run.said && run.said !== this.spoken) this.panel.voice.say(run.said);
    this.spoken = run.said;
  }
}

/** What a run uses now, a line for each. */
export class Meters {
  constructor(panel) {
    this.gauges = h("ul", { class: "vk-gauges" });
    this.decisions = h("ul", { class: "vk-decisions", "aria-label": "What the providers bear" });
    this.element = h("section", { class: "vk-meters", "aria-label": "Meters" }, this.gauges, this.decisions);
    panel.watch("meters", (told) => this.update(told ?? {}));
  }

  update({ meters = [], decisions = [] }) {
    fill(this.gauges, meters.map(({ name, full, told, tone }) => {
      const bar = h("span", { class: "vk-gauge", "data-tone": tone, "aria-hidden": "true" });
      if (full === null) set(bar, "data-none", true);
      else bar.append(h("span", { style: `width:${Math.round(100 * full)}%` }));
      return h("li", {}, h("span", { class: "vk-gauge-name" }, name), bar,
        h("span", { "data-tone": tone === "failed" ? tone : null }, told));
    }));
    fill(this.decisions, decisions.map(({ at, head, tone, reason }) => h("li", {},
      h("span", { class: "vk-small" }, at), " ", h("span", { "data-tone": tone }, head), `: ${reason}`)));
    this.decisions.hidden = !decisions.length;
  }
}

/** A picture that Python drew, as elements; whatever could run is left out. */
function picture(markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html").body;
  for (const element of parsed.querySelectorAll("*")) {
    if (["script", "iframe", "object", "embed", "foreignobject", "link", "img"].includes(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith("on") || /^\s*(javascript|data):/i.test(value)) element.removeAttribute(name);
    }
  }
  return [...parsed.childNodes];
}

/** Every call of a run as a bar on its lane. */
export class Timeline {
  constructor(panel) {
    this.drawn = h("div", { class: "vk-drawn" });
    this.span = button("Last 2 minutes", "Show the last two minutes, or the whole run", () => panel.act("timeline", "turn"));
    this.element = h("section", { class: "vk-timeline", "aria-label": "Timeline" }, this.drawn, this.span);
    panel.watch("timeline", ({ picture: markup = "", long = false, recent = false } = {}) => {
      if (markup !== this.shown) this.drawn.replaceChildren(...picture(markup));
      this.shown = markup;
      this.span.hidden = !long;
      say(this.span, recent ? "Whole run" : "Last 2 minutes");
    });
  }
}

/** A row for each lesson of a batch. */
export class Videos {
  constructor(panel) {
    this.panel = panel;
    this.list = h("ul", { class: "vk-videos", "aria-label": "Videos" });
    this.element = h("section", { class: "vk-batch", "aria-label": "Videos of this run" }, this.list);
    this.rows = new Map();
    panel.watch("videos", (told) => this.update(told?.rows ?? []));
  }

  update(rows) {
    this.element.hidden = !rows.length;
    fill(this.list, rows.map((row, at) => this.row(at, row)));
  }

  row(at, told) {
    const known = this.rows.get(at) ?? this.made(at);
    say(known.name, told.name);
    say(known.mark, told.state);
    set(known.mark, "data-tone", told.tone);
    say(known.done, told.done);
    set(known.bar, "max", told.total || 1);
    set(known.bar, "value", told.over);
    say(known.length, told.length);
    say(known.why, told.why ?? "");
    known.why.hidden = !told.why;
    known.watch.hidden = !told.watch;
    set(known.watch, "aria-label", `Watch ${told.name}`);
    return known.element;
  }

  made(at) {
    const parts = {
      name: h("span", { class: "vk-name", dir: "auto" }), mark: h("span", { class: "vk-mark" }),
      done: h("span", { class: "vk-small" }), bar: h("progress", { "aria-hidden": "true" }),
      length: h("span", { class: "vk-small" }), why: h("p", { class: "vk-wrong", dir: "auto" }),
      watch: button("Watch", "Watch it here", () => this.panel.act("videos", "watch", { row: at })),
    };
    const { name, mark, done, bar, length, watch, why } = parts;
    parts.element = h("li", { class: "vk-video" }, name, mark, done, bar, length, watch, why);
    this.rows.set(at, parts);
    return parts;
  }
}

export { picture };
