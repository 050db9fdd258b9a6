import { button, fill, form, h, labelled, sampler, say, sent, set } from "./base.js";
import { picture } from "./monitor.js";

/** The lessons of a folder: one is chosen, all are searched, and what is wrong is told. */
export class Lessons {
  constructor(panel) {
    this.panel = panel;
    const act = (name, args) => panel.act("lessons", name, args);
    this.list = h("select", { "aria-label": "Lesson", onchange: () => act("choose", { at: Number(this.list.value) }) });
    this.search = h("input", { type: "search", placeholder: "a word or a phrase", "aria-label": "Search all lessons" });
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => act("search", { text: this.search.value }), 200);
    });
    // Enter chooses the first lesson that was found
    this.search.addEventListener("keydown", ({ key }) => {
      const [first] = this.list.options;
      if (key === "Enter" && first) act("choose", { at: Number(first.value) });
    });
    this.fresh = button("New lesson", "Begin a new lesson in this folder", () => this.begin());
    this.from = button("New lesson from…", "New lesson from… a notebook, a text, slides or a PDF", () => this.draft());
    this.again = button("Read again", "Read the folder and its lessons anew", () => act("read_again"), "vk-quiet");
    this.count = h("span", { class: "vk-small" });
    this.title = h("h3", { class: "vk-heading", dir: "auto" });
    this.facts = h("p", { class: "vk-small" });
    this.notes = h("ul", { class: "vk-small vk-notes" });
    this.faults = h("div", { class: "vk-faulty" });
    this.found = h("ul", { class: "vk-found", "aria-label": "Places that were found", tabindex: "0" });
    this.reader = h("div", { class: "vk-reader" });
    this.form = h("form", { hidden: true });
    this.element = h("section", { class: "vk-lessons", "aria-label": "Lessons" },
      h("div", { class: "vk-row vk-pick" }, labelled("Lesson", this.list), labelled("Search all lessons", this.search),
        this.fresh, this.from, this.again, this.count),
      this.form, this.found, h("div", { class: "vk-about" }, this.title, this.facts, this.notes, this.faults, this.reader));
    panel.watch("lessons", (told) => this.update(told ?? {}));
  }

  update(told) {
    const options = told.options ?? [];
    const shown = JSON.stringify(options);
    if (shown !== this.shown) {
      fill(this.list, options.map(({ at, label }) => h("option", { value: at }, label)));
      this.shown = shown;
    }
    this.list.value = String(told.chosen);
    if (this.search !== this.panel.focused() && this.search.value !== (told.search ?? "")) this.search.value = told.search ?? "";
    this.fresh.hidden = this.from.hidden = !told.editable;
    say(this.count, told.count ?? "");
    say(this.title, told.title ?? "");
    say(this.facts, told.facts ?? "");
    fill(this.notes, (told.notes ?? []).map((note) => h("li", {}, note)));
    this.notes.hidden = !told.notes?.length;
    fill(this.faults, told.faults?.length ? [faults(told.faults)] : []);
    fill(this.found, (told.found ?? []).map(hit));
    this.found.hidden = !told.found?.length;
    const reading = JSON.stringify(told.reader ?? []);
    if (reading !== this.reading) fill(this.reader, (told.reader ?? []).map(passage));
    this.reading = reading;
  }

  /** Ask for the name of a new lesson. */
  begin() {
    const name = h("input", { type: "text", required: true, placeholder: "photosynthesis", dir: "auto" });
    const title = h("input", { type: "text", placeholder: "How plants make sugar", dir: "auto" });
    const language = h("input", { type: "text", value: "en", size: "6", placeholder: "en, es, de-CH" });
    this.form = form(this.form, "New lesson", "Create", this.fresh, [
      labelled("File name", name), labelled("Title", title), labelled("Language", language),
    ], () => this.panel.ask("lessons", "new", { name: name.value, title: title.value, language: language.value }));
  }

  /** Ask what a new lesson is to be drafted of: a file that is there, or one of somebody's own. */
  async draft() {
    const list = h("datalist", { id: `vk-sources-${Math.random().toString(36).slice(2)}` });
    const source = h("input", { type: "text", placeholder: "analysis.ipynb", dir: "auto", list: list.id });
    const own = h("input", { type: "file" });
    this.form = form(this.form, "New lesson from…", "Draft it", this.from, [
      labelled("A file here", source, "a notebook, Markdown, PowerPoint or PDF"), list,
      labelled("or one of your own", own),
    ], async () => {
      const [file] = own.files;
      if (!file && !source.value.trim()) return "Choose a file first.";
      if (file) await sent(this.panel, "lessons", "put", file);
      await this.panel.ask("lessons", "draft", { source: file ? file.name : source.value.trim(), own: Boolean(file) });
      return "";
    });
    const { kinds, files } = await this.panel.ask("lessons", "sources");
    set(own, "accept", kinds);
    fill(list, files.map((value) => h("option", { value })));
  }
}

function hit({ where, before, found, after }) {
  return h("li", { class: "vk-hit" }, h("span", { class: "vk-small" }, where),
    h("span", { dir: "auto" }, before, h("mark", {}, found), after));
}

function faults(rows) {
  const cells = (kind, texts) => texts.map((text) => h(kind, kind === "th" ? { scope: "col" } : { dir: "auto" }, text));
  return h("table", { class: "vk-table" },
    h("thead", {}, h("tr", {}, ...cells("th", ["Where", "What is wrong", "What to do"]))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells("td", row)))));
}

function passage({ number, title, length, texts, open }) {
  return h("details", { open },
    h("summary", {}, h("span", { class: "vk-number" }, String(number)),
      h("span", { class: "vk-name", dir: "auto" }, title), h("span", { class: "vk-small" }, length)),
    ...texts.map(([name, text]) => h("div", { class: "vk-passage" },
      h("div", { class: "vk-small" }, name), h("div", { dir: "auto" }, text))));
}

/** Settings as fields, and what a run with them would call, cost and take. */
export class Settings {
  constructor(panel) {
    this.panel = panel;
    this.fields = new Map();
    this.line = h("p", { class: "vk-line" });
    this.plan = h("div", { class: "vk-plan" });
    this.chief = h("div", { class: "vk-fields" });
    this.more = h("div", { class: "vk-fields" });
    this.rest = h("details", { class: "vk-fold" }, h("summary", {}, "More settings"), this.more);
    this.element = h("section", { class: "vk-settings", "aria-label": "Settings" }, this.chief, this.rest, this.line);
    panel.watch("settings", (told) => this.update(told ?? {}));
  }

  update({ fields = [], line = "", tone = "", plans = [] }) {
    for (const field of fields) {
      if (!this.fields.has(field.name)) this.fields.set(field.name, this.made(field));
      this.fields.get(field.name).show(field);
    }
    fill(this.chief, fields.filter(({ more }) => !more).map(({ name }) => this.fields.get(name).element));
    fill(this.more, fields.filter(({ more }) => more).map(({ name }) => this.fields.get(name).element));
    this.rest.hidden = !this.more.childNodes.length;
    say(this.line, line);
    set(this.line, "data-tone", tone);
    fill(this.plan, plans.map(({ name, title, lines, wrong }) => h("div", { class: "vk-planned" },
      h("span", { class: "vk-small" }, name),
      h("span", { class: "vk-title" }, title),
      ...lines.map((each) => h("span", { class: "vk-small" }, each)),
      ...wrong.map((each) => h("span", { class: "vk-wrong", dir: "auto" }, each)))));
  }

  made({ name, kind, label, steps }) {
    const put = (value) => this.panel.act("settings", "set", { name, value });
    const input = kind === "choice" ? h("select")
      : h("input", kind === "number" ? { type: "number" } : { type: "text", dir: "auto" });
    const list = kind === "combo" ? h("datalist", { id: `vk-${name}-${Math.random().toString(36).slice(2)}` }) : null;
    if (list) set(input, "list", list.id);
    input.addEventListener("change", () => put(kind === "number" && input.value !== "" ? Number(input.value) : input.value));
    const note = h("span", { class: "vk-note" });
    const buttons = (steps ?? []).map(([text, by]) => {
      const step = button(by < 0 ? "−" : "+", text, () => this.panel.act("settings", "step", { name, by }));
      set(step, "aria-label", text);
      return step;
    });
    const heard = name === "voice_with" && this.panel.get("lesson") ? sampler(this.panel, "the narration") : [];
    const element = h("div", { class: "vk-setting" }, labelled(label, input), list, ...buttons, ...heard, note);
    let options = "";
    const show = (field) => {
      const given = JSON.stringify(field.options ?? []);
      if (given !== options) {
        fill(list ?? (kind === "choice" ? input : note), (field.options ?? []).map(([value, text]) => h("option", { value }, text)));
        options = given;
      }
      if (input !== this.panel.focused() || kind === "choice") input.value = field.value ?? "";
      for (const limit of ["min", "max", "step", "placeholder"]) set(input, limit, field[limit]);
      input.disabled = Boolean(field.held);
      say(note, field.note ?? "");
      set(note, "data-tone", field.tone);
    };
    return { element, show };
  }
}

/** Sliders, and what a run would come to below them. */
export class Tuner {
  constructor(panel) {
    this.panel = panel;
    this.sliders = h("div", { class: "vk-sliders" });
    this.title = h("p", { class: "vk-title" });
    this.rest = h("p", { class: "vk-small" });
    this.use = button("Use these", "Keep these worker counts", () => panel.act("tuner", "use"), "vk-chief");
    this.said = h("span", { class: "vk-small" });
    this.timeline = h("div", { class: "vk-drawn" });
    this.speed = h("div", { class: "vk-drawn" });
    this.element = h("section", { class: "vk-tuner", "aria-label": "Tuner" }, this.sliders, this.title, this.rest,
      h("div", { class: "vk-row" }, this.use, this.said), this.timeline, this.speed);
    this.made = new Map();
    panel.watch("tuner", (told) => told && this.update(told));
  }

  update({ sliders, title, rest, said, timeline, speed }) {
    fill(this.sliders, sliders.map((slider) => this.slider(slider)));
    if (title !== this.title.textContent) this.panel.voice.say(`${title}. ${rest}`);
    say(this.title, title);
    say(this.rest, rest);
    say(this.said, said);
    for (const [name, markup] of [["timeline", timeline], ["speed", speed]]) {
      if (this[`${name}Shown`] !== markup) this[name].replaceChildren(...picture(markup));
      this[`${name}Shown`] = markup;
    }
  }

  slider({ name, label, value, min, max, step, told, held }) {
    let known = this.made.get(name);
    if (!known) {
      const check = typeof value === "boolean";
      const input = h("input", { type: check ? "checkbox" : "range", min, max, step });
      const put = () => this.panel.act("tuner", "set", { name, value: check ? input.checked : Number(input.value) });
      input.addEventListener("input", put);
      // by hand, since JupyterLab takes the arrow keys of a notebook in command mode for its own
      input.addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (check || !by) return;
        event.preventDefault();
        event.stopPropagation();
        input.value = Number(input.value) + by * Number(input.step || 1);
        put();
      });
      const shown = h("output", { class: "vk-small" });
      known = { check, input, shown, element: h("label", { class: "vk-slider" }, h("span", {}, label), input, shown) };
      this.made.set(name, known);
    }
    if (known.check) known.input.checked = value;
    else {
      set(known.input, "max", max);
      if (known.input !== this.panel.focused()) known.input.value = value;
      set(known.input, "aria-valuetext", told);
    }
    known.input.disabled = held;
    say(known.shown, told);
    return known.element;
  }
}
