import { allow, button, fill, form, h, labelled, say, sent, set, toolbar, voicePicker } from "./base.js";

const SOUNDS = ".wav,.mp3,.ogg,.oga,.opus,.flac,.m4a";
const KEYS = {
  ArrowRight: (at) => at + 1, ArrowLeft: (at) => at - 1, Home: () => 0, End: () => Infinity,
};

/** The sections of a lesson as cards, in its order. One card is a tab stop with its buttons; the
 *  arrow keys go from card to card. */
export class Sections {
  constructor(panel) {
    this.panel = panel;
    this.cards = new Map();
    this.current = null;
    this.tally = h("p", { class: "vk-small" });
    this.said = h("p", { class: "vk-wrong", role: "alert" });
    const act = (name) => () => panel.act("sections", name);
    this.make = button("Make video", "Make the video of this lesson", () => this.made(), "vk-chief");
    this.undo = button("Undo", "Take the last change back", act("undo"));
    this.save = button("Save lesson", "Write the changes into the lesson's file", act("save"));
    this.add = button("Add section", "Add a section at the end", async () => {
      this.focus(await panel.ask("sections", "add", {}), "edit");
    });
    this.head = button("Title and more", "Change the title, language, voice, music and speakers of the lesson", () => this.entitle());
    this.form = h("form", { hidden: true });
    this.bar = h("div", { class: "vk-bar" }, this.tally,
      toolbar("Lesson", this.make, this.undo, this.save, this.add, this.head));
    this.grid = h("div", { class: "vk-cards" });
    this.element = h("section", { class: "vk-sections", "aria-label": "Sections" }, this.bar, this.form, this.said, this.grid);
    this.grid.addEventListener("keydown", (event) => this.pressed(event));
    this.grid.addEventListener("focusin", ({ target }) => this.visit(target.closest(".vk-card")));
    panel.watch("lesson", (lesson) => this.told(lesson));
    panel.watch("sections", (sections) => this.update(sections ?? []));
    panel.watch("states", (states) => this.stand(states ?? {}));
  }

  made() {
    this.flush();
    this.panel.act("sections", "make");
  }

  /** Ask what the lesson says of itself. */
  async entitle() {
    const now = this.panel.get("lesson");
    const voice = voicePicker(this.panel, "the lesson");
    const { voices } = await this.panel.ask("sections", "offers");
    voice.offer(voices, now.voice ?? "");
    const fields = {
      title: h("input", { type: "text", dir: "auto" }),
      language: h("input", { type: "text", size: "6", placeholder: "en, es, de-CH" }),
      voice: voice.list,
      music: h("input", { type: "text", dir: "auto", placeholder: "music.mp3, -6 dB" }),
      speakers: h("textarea", { rows: 2, dir: "auto", placeholder: "Ana = hibari:heart" }),
    };
    for (const [key, field] of Object.entries(fields)) field.value = now[key] ?? "";
    const file = h("input", { type: "file", accept: SOUNDS, "aria-label": "Music from a file" });
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      const reply = await sent(this.panel, "sections", "upload", file.files[0], { key: "music" });
      if (reply.error) say(this.said, reply.error);
      else fields.music.value = reply.file;
    });
    const told = () => Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.value]));
    this.form = form(this.form, "The lesson's title, language, voice, music and speakers", "Done", this.head, [
      labelled("Title of the lesson", fields.title), labelled("Language", fields.language), voice.element,
      h("div", { class: "vk-field" },
        labelled("Music", fields.music, "Its file beside the lesson, and how much louder or softer it is"), file),
      labelled("Voices of the speakers", fields.speakers, "One a line. In a narration, Ana: stands before what she says"),
    ], () => this.panel.ask("sections", "head", told()));
  }

  /** Hand over what stands in open fields, before something is done with the lesson. */
  flush() {
    for (const card of this.cards.values()) card.editor?.type();
  }

  told(lesson) {
    if (!lesson) return;
    this.make.hidden = !lesson.make;
    say(this.tally, lesson.tally ?? "");
    say(this.said, lesson.said ?? "");
    set(this.said, "data-tone", lesson.tone);
    set(this.said, "role", lesson.tone === "wrong" ? "alert" : "status");
    allow(this.undo, lesson.undo);
    allow(this.save, lesson.unsaved);
    say(this.save, lesson.unsaved ? "Save lesson •" : "Save lesson");
    this.element.hidden = !lesson.there;
  }

  update(sections) {
    const focused = this.panel.focused();
    const known = new Set(sections.map(({ uid }) => uid));
    for (const [uid, card] of this.cards) {
      if (known.has(uid)) continue;
      card.close();
      this.cards.delete(uid);
    }
    for (const section of sections) {
      if (!this.cards.has(section.uid)) this.cards.set(section.uid, new Card(this, section));
      this.cards.get(section.uid).write(section);
    }
    this.order = sections.map(({ uid }) => this.cards.get(uid));
    fill(this.grid, this.order.map((card) => card.element));
    this.stand(this.panel.get("states") ?? {});
    if (!this.order.includes(this.current)) this.current = this.order[0] ?? null;
    this.stops();
    if (focused?.isConnected && focused !== this.panel.focused()) focused.focus();
    else if (focused && !focused.isConnected) this.current?.element.focus();
    if (this.wanted) this.focus(...this.wanted);
  }

  stand(states) {
    for (const card of this.order ?? []) card.stand(states[card.uid] ?? {});
  }

  /** Go to a card, as soon as it is there, and press one of its buttons. */
  focus(uid, press = null) {
    const card = this.cards.get(uid);
    this.wanted = card ? null : [uid, press];
    if (!card) return;
    card.element.focus();
    card.element.scrollIntoView({ block: "nearest" });
    if (press === "edit") card.open();
  }

  visit(element) {
    const card = this.order?.find((each) => each.element === element);
    if (!card || card === this.current) return;
    this.current = card;
    this.stops();
  }

  stops() {
    for (const card of this.order ?? []) card.stop(card === this.current);
  }

  pressed(event) {
    if (event.target.closest("input, textarea, select, video, audio")) return;
    const at = this.order.indexOf(this.current);
    const across = Math.max(1, getComputedStyle(this.grid).gridTemplateColumns.split(" ").length);
    const step = { ArrowDown: at + across, ArrowUp: at - across }[event.key] ?? KEYS[event.key]?.(at);
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.order[Math.min(this.order.length - 1, Math.max(0, step))]?.element.focus();
  }
}

class Card {
  constructor(owner, section) {
    this.owner = owner;
    this.panel = owner.panel;
    this.uid = section.uid;
    const ask = (name, args = {}) => this.panel.ask("sections", name, { uid: this.uid, ...args });
    this.ask = ask;
    this.number = h("span", { class: "vk-number" });
    this.title = h("h4", { class: "vk-title", dir: "auto" });
    this.mark = h("span", { class: "vk-mark" });
    this.poster = h("img", { class: "vk-poster", alt: "", hidden: true });
    this.wish = h("p", { class: "vk-wish", dir: "auto" });
    this.play = button("▶", "", () => this.played(), "vk-play");
    this.stage = h("div", { class: "vk-stage" }, this.poster, this.wish, this.play);
    this.content = h("p", { class: "vk-content", dir: "auto",
      onclick: () => set(this.content, "data-full", !this.content.hasAttribute("data-full")) });
    this.steps = h("p", { class: "vk-small vk-steps" });
    this.note = h("p", { class: "vk-small", dir: "auto" });
    this.wrong = h("p", { class: "vk-wrong", dir: "auto" });
    this.editButton = button("Edit", "", () => this.open());
    this.again = button("Make again", "", () => this.remake());
    this.more = button("More", "", () => this.menu(), "vk-quiet");
    set(this.more, "aria-expanded", "false");
    this.tools = h("div", { class: "vk-row vk-tools" }, this.editButton, this.again, this.more);
    this.slot = h("div", { class: "vk-slot" });
    this.element = h("article", { class: "vk-card", tabindex: "-1" },
      h("header", { class: "vk-head" }, this.number, this.title, this.mark),
      this.stage, this.content, this.note, this.steps, this.wrong, this.slot, this.tools);
  }

  stop(here) {
    for (const each of [this.element, ...this.element.querySelectorAll("button, video, audio")]) {
      if (!each.closest(".vk-editor")) each.tabIndex = here ? 0 : -1;
    }
  }

  /** Show what the lesson says. */
  write(section) {
    this.section = section;
    const n = section.number;
    say(this.number, String(n));
    say(this.title, section.title || `Section ${n}`);
    say(this.content, section.content.replace(/\n\s*\n/g, "\n") || (section.audio ? `Own sound: ${section.audio}` : ""));
    say(this.note, section.origin);
    say(this.wish, section.image_description || (section.image ? `Own picture: ${section.image}` : "Nothing is described yet."));
    set(this.element, "aria-label", `Section ${n}: ${section.title || "untitled"}`);
    set(this.editButton, "aria-label", `Edit section ${n}`);
    set(this.more, "aria-label", `More for section ${n}`);
    set(this.poster, "alt", `Section ${n}: ${section.image_description || "a picture of your own"}`);
    set(this.stage, "style", `aspect-ratio: ${section.size[0]} / ${section.size[1]}`);
  }

  /** Show how it stands. */
  stand(state) {
    this.state = state;
    const n = this.section.number;
    say(this.mark, state.state ?? "");
    set(this.mark, "data-tone", state.tone);
    say(this.steps, state.steps ?? "");
    this.steps.hidden = !state.steps;
    say(this.wrong, state.wrong ?? "");
    this.wrong.hidden = !state.wrong;
    say(this.again, state.failed ? "Try again" : "Make again");
    set(this.again, "aria-label", `${state.failed ? "Try again" : "Make again"}: section ${n}`);
    this.again.hidden = !state.can_make;
    set(this.element, "aria-busy", state.tone === "working");
    if (state.poster !== this.shown) this.picture(state.poster ?? null);
    const media = state.clip ?? state.audio ?? null;
    if (media !== this.media && this.video) this.rest();
    this.media = media;
    this.kind = state.clip ? "clip" : "audio";
    this.play.hidden = !media || Boolean(this.video);
    set(this.play, "aria-label", `${state.clip ? "Play" : "Listen to"} section ${n}`);
    if (state.typed && !this.editor) this.open(false);
    if (!state.typed && this.editor && this.editor.handed) this.shut();
  }

  picture(token) {
    this.shown = token;
    this.poster.hidden = !token;
    this.wish.hidden = Boolean(token);
    if (token) this.panel.lazy(this.poster, token);
  }

  async played() {
    set(this.play, "data-busy", true);
    try {
      let token, url;
      do {  // what there is to play may be made anew while it comes
        token = this.media;
        url = token && (await this.panel.media.url(token));
      } while (token !== this.media);
      if (!url || this.video) return;
      const tag = this.kind === "clip" ? "video" : "audio";
      this.video = h(tag, { controls: true, src: url, playsinline: true, class: "vk-playing",
        "aria-label": `${tag === "video" ? "Clip" : "Narration"} of section ${this.section.number}` });
      this.owner.playing?.rest(); // one at a time: each holds a decoder
      this.owner.playing = this;
      const focused = this.play === this.panel.focused();
      this.stage.insertBefore(this.video, this.play);
      this.play.hidden = true;
      if (focused) this.video.focus();
      await this.video.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.fail(error);
    } finally {
      set(this.play, "data-busy", false);
    }
  }

  /** The still picture again in the place of what was played. */
  rest() {
    if (!this.video) return;
    const within = this.video === this.panel.focused();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
    this.video = null;
    this.play.hidden = !this.media;
    if (within) this.play.focus();
  }

  fail(error) {
    say(this.wrong, error.message);
    this.wrong.hidden = false;
  }

  // ---- what can be done

  open(tell = true) {
    this.shut(false);
    this.editor = new Editor(this, this.state?.typed);
    this.editor.handed = !tell;
    fill(this.slot, [this.editor.element]);
    set(this.element, "data-open", true);
    fill(this.tools, [this.editor.done, this.again, this.editor.discard]);
    this.owner.stops();
    if (tell) {
      this.editor.first.focus();
      this.editor.type();
    }
  }

  shut(refocus = true) {
    const within = this.element.contains(this.panel.focused());
    this.editor = null;
    fill(this.slot, []);
    set(this.element, "data-open", false);
    fill(this.tools, [this.editButton, this.again, this.more]);
    set(this.more, "aria-expanded", "false");
    this.owner.stops();
    if (within && refocus) this.editButton.focus();
  }

  async remake() {
    if (this.editor) {
      this.editor.type();
      if (!(await this.editor.finish())) return;
    }
    const answers = await this.ask("again");
    if (answers?.length) this.choose(`Make section ${this.section.number} again`, answers, this.again);
  }

  /** Offer a few answers below the card; the focus goes to the first. */
  choose(title, answers, from) {
    const back = button("Never mind", `Never mind: section ${this.section.number}`, () => {
      fill(this.slot, []);
      from.focus();
    }, "vk-quiet");
    const buttons = answers.map(({ name, label, force }) => button(name, label, async () => {
      fill(this.slot, []);
      from.focus();
      await this.ask("force", { force });
    }));
    fill(this.slot, [h("div", { class: "vk-row vk-answers", role: "group", "aria-label": title }, ...buttons, back)]);
    this.owner.stops();
    buttons[0].focus();
  }

  menu() {
    const open = this.more.getAttribute("aria-expanded") === "true";
    set(this.more, "aria-expanded", String(!open));
    fill(this.slot, []);
    if (open) return;
    const n = this.section.number;
    const act = (name, label, does, args = {}) => button(name, label, async () => {
      const uid = await this.ask(does, args);
      fill(this.slot, []);
      set(this.more, "aria-expanded", "false");
      if (typeof uid === "number") this.owner.focus(uid, does === "add" ? "edit" : null);
      else if (this.element.isConnected) this.more.focus();
    });
    fill(this.slot, [h("div", { class: "vk-row vk-answers", role: "group", "aria-label": `More for section ${n}` },
      act("Move earlier", `Move earlier: section ${n}`, "move", { by: -1 }),
      act("Move later", `Move later: section ${n}`, "move", { by: 1 }),
      act("Add after", `Add after section ${n}`, "add"),
      act("Duplicate", `Duplicate section ${n}`, "duplicate"),
      button("Versions", `Versions of section ${n}`, () => this.versions()),
      act("Remove", `Remove section ${n}`, "remove"))]);
    this.owner.stops();
  }

  async versions() {
    const found = await this.ask("versions");
    const n = this.section.number;
    const rows = found.map((each) => {
      const use = button("Use this", `Use this: ${each.name} of section ${n}`, async () => {
        await this.ask("use", { version: each.id });
        this.versions();
      });
      use.hidden = each.current;
      const shown = each.kind === "image" ? h("img", { alt: "", class: "vk-version" })
        : button("▶ Listen", `Listen to ${each.name} of section ${n}`, async (pressed) => {
          const sound = h("audio", { controls: true, "aria-label": each.name, src: await this.panel.media.url(each.media) });
          pressed.replaceWith(sound);
          sound.play().catch(() => {});
        });
      if (each.kind === "image") this.panel.lazy(shown, each.media);
      return h("li", {}, shown, h("span", { class: "vk-small", dir: "auto" }, each.name), use);
    });
    const of = (kind, name) => [h("h5", { class: "vk-label" }, name),
      h("ul", { class: "vk-versions", "aria-label": `${name} of section ${n}` },
        ...rows.filter((_, at) => found[at].kind === kind))];
    const close = button("Close", `Close the versions of section ${n}`, () => this.shut());
    fill(this.slot, [h("div", { class: "vk-editor", role: "group", "aria-label": `Versions of section ${n}` },
      ...(rows.length ? [...of("image", "Pictures"), ...of("audio", "Narrations")]
        : [h("p", { class: "vk-small" }, "There is no other version yet.")]))]);
    fill(this.tools, [close]);
    set(this.element, "data-open", true);
    this.owner.stops();
    close.focus();
  }

  close() {
    this.editor = null;
  }
}

/** All fields of a section. What is typed is handed over now and then, and kept by the kernel. */
class Editor {
  constructor(card, typed) {
    this.card = card;
    const now = { ...card.section, ...(typed ?? {}) };
    const n = card.section.number;
    this.now = now;
    const row = (...field) => this.row(...field).element;
    const title = this.row("title", "Title", 0);
    this.first = title.field;
    this.faults = h("ul", { class: "vk-wrong vk-faults", role: "alert" });
    this.layouts = h("div", { class: "vk-layouts", role: "radiogroup", "aria-label": `Layout of section ${n}` });
    this.voice = voicePicker(card.panel, `section ${n}`);
    this.voice.list.addEventListener("change", () => this.set("voice", this.voice.list.value));
    this.values = { layout: "", image: "", audio: "", voice: "" };
    for (const key of Object.keys(this.values)) this.values[key] = now[key] ?? "";
    this.slides = h("div", { class: "vk-editor" });
    const more = h("details", { class: "vk-fold" }, h("summary", {}, "Layout, voice and more"),
      h("div", { class: "vk-label" }, "Layout"), this.layouts, this.slides,
      this.voice.element,
      this.own("image", "A picture of your own", "Remove picture", ".png,.jpg,.jpeg,.webp,.gif"),
      this.own("audio", "A sound of your own", "Remove sound", SOUNDS),
      row("focus", "Regions of the picture", 2,
        "Each lit while its words are said; left, top, width and height from 0 to 1: 0.1 0.2 0.3 0.4: the nucleus"),
      row("video", "A film of your own", 0, "Its file beside the lesson, such as films/cell.mp4"),
      row("say", "How words are said", 2, "One a line: GPU = gee pee you"),
      row("language", "Language, where it is not the lesson's", 0));
    more.addEventListener("toggle", () => more.open && this.furnish());
    this.element = h("div", { class: "vk-editor", role: "group", "aria-label": `Texts of section ${n}` },
      title.element,
      row("content", "Narration", 7, card.section.speaking
        ? "Who speaks stands before it, such as Ana: …; a paragraph without a name is the narrator's" : ""),
      this.rewritten(), row("image_description", "What the picture shows", 4), more, this.faults);
    this.element.addEventListener("input", () => this.later());
    this.done = button("Done", `Done with section ${n}`, () => this.finish(), "vk-chief");
    this.discard = button("Discard", `Discard changes of section ${n}`, async () => {
      clearTimeout(this.timer);
      await card.ask("discard");
      card.shut();
    });
  }

  /** A field for a text of the section, with its label. */
  row(key, label, rows, note = "") {
    const field = rows ? h("textarea", { rows, dir: "auto" }) : h("input", { type: "text", dir: "auto" });
    field.value = this.now[key] ?? "";
    field.dataset.key = key;
    return { field, element: labelled(label, field, note) };
  }

  /** What a section said before a model rewrote it, to be taken back. */
  rewritten() {
    const { before, number } = this.card.section;
    if (!before) return null;
    const back = button("Take these words back", `Take these words back: section ${number}`, async () => {
      clearTimeout(this.timer);
      const faults = await this.card.ask("unrewrite", { fields: this.fields() });
      if (faults.length) this.tell(faults);
      else this.card.shut();
    });
    return h("details", { class: "vk-fold" }, h("summary", {}, "Before it was rewritten"),
      h("p", { class: "vk-before", dir: "auto" }, before), back);
  }

  set(key, value) {
    this.values[key] = value;
    if (key === "layout") this.show();
    this.type();
  }

  /** A file of one's own: chosen, uploaded, and taken away again. */
  own(key, label, away, accept) {
    const n = this.card.section.number;
    const file = h("input", { type: "file", accept });
    const told = h("span", { class: "vk-small" });
    const put = (name) => {
      say(told, name);
      drop.hidden = !name;
      if (name !== this.values[key]) this.set(key, name);
    };
    const drop = button(away, `${away} of section ${n}`, () => {
      file.value = "";
      put("");
      file.focus();
    });
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      say(told, "…");
      const reply = await sent(this.card.panel, "sections", "upload", chosen, { key });
      this.tell(reply.error ? [reply.error] : []);
      put(reply.error ? this.values[key] : reply.file);
    });
    put(this.values[key]);
    return h("div", { class: "vk-row" }, labelled(label, file), told, drop);
  }

  /** The fields that a slide of this layout has, and those that hold something. */
  show() {
    fill(this.slides, (this.offered ?? []).map(({ key, label, note, rows, layouts }) => {
      const layout = this.values.layout;
      if (!this.rows.has(key)) this.rows.set(key, this.row(key, label, rows, note));
      const { field, element } = this.rows.get(key);
      set(field, "placeholder", layouts[layout] ?? Object.values(layouts)[0]);
      return layout in layouts || field.value ? element : null;
    }));
  }

  /** Fetch what is chosen from: the layouts with their pictures, and the voices. */
  async furnish() {
    if (this.furnished) return;
    this.furnished = true;
    const { layouts, voices, fields } = await this.card.panel.ask("sections", "offers");
    this.offered = fields;
    this.rows = new Map();
    this.show();
    const name = `layout-${this.card.uid}-${Math.random().toString(36).slice(2)}`;
    fill(this.layouts, layouts.map(({ layout, label, about, media }) => {
      const radio = h("input", { type: "radio", name, value: layout, class: "vk-unseen",
        onchange: () => this.set("layout", layout) });
      radio.checked = layout === this.values.layout;
      const picture = h("img", { alt: "", class: "vk-layout" });
      if (media) this.card.panel.lazy(picture, media);
      return h("label", { class: "vk-choice", title: about }, radio, media ? picture : h("span", { class: "vk-layout" }, layout ? "your own" : "auto"),
        h("span", {}, label));
    }));
    this.voice.offer(voices, this.values.voice);
  }

  fields() {
    const told = { ...this.values };
    const slides = [...(this.rows?.values() ?? [])].map(({ field }) => field);
    for (const field of [...this.element.querySelectorAll("[data-key]"), ...slides]) {
      told[field.dataset.key] = field.value;
    }
    return told;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.type(), 400);
  }

  type() {
    clearTimeout(this.timer);
    this.card.ask("type", { fields: this.fields() });
  }

  tell(faults) {
    fill(this.faults, faults.map((fault) => h("li", { dir: "auto" }, fault)));
  }

  async finish() {
    clearTimeout(this.timer);
    const faults = await this.card.ask("edit_done", { fields: this.fields() });
    if (faults.length) this.tell(faults);
    else if (this.card.editor === this) this.card.shut();
    return !faults.length;
  }
}
