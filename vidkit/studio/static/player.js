import { button, clock, fill, h, roving, say, set } from "./base.js";

/** A film with its chapters. It is fetched when somebody plays it, and then it can be sought. */
export class Player {
  constructor(panel) {
    this.panel = panel;
    this.stage = h("div", { class: "vk-stage" });
    this.start = button("▶", "Play the video", () => this.play(0), "vk-play");
    this.told = h("div", { class: "vk-loading", hidden: true });
    this.title = h("h3", { class: "vk-heading", dir: "auto" });
    this.facts = h("p", { class: "vk-small" });
    this.chapters = h("ol", { class: "vk-chapters", "aria-label": "Chapters" });
    this.files = h("p", { class: "vk-small" });
    this.hints = h("summary", {});
    this.score = h("p", { class: "vk-small" });
    this.found = h("ul", { class: "vk-review" });
    this.review = h("details", { class: "vk-fold" }, this.hints, this.score, this.found);
    this.element = h("section", { class: "vk-player", "aria-label": "Video" }, this.stage,
      h("div", { class: "vk-beside" }, this.title, this.facts, this.chapters, this.files), this.review);
    roving(this.chapters, () => [...this.chapters.querySelectorAll("button")]);
    panel.watch("player", (film) => this.update(film));
  }

  update(film) {
    const token = film?.film ?? null;
    this.element.hidden = token === null;
    if (token === null || JSON.stringify(film) === this.shown) return;
    this.shown = JSON.stringify(film);
    say(this.title, film.title);
    say(this.facts, film.facts);
    say(this.files, film.where);
    fill(this.chapters, film.chapters.map((chapter) => this.chapter(chapter)));
    this.reviewed(film.review ?? {});
    if (token !== this.token) this.rest(film);
    this.film = film;
  }

  /** What could be better in it, as far as that can be measured. */
  reviewed({ title = "", score = "", lines = [] }) {
    this.review.hidden = !lines.length;
    say(this.hints, title);
    say(this.score, score);
    fill(this.found, lines.map(({ where, what, mend, source }) => h("li", {},
      h("span", { class: "vk-label", dir: "auto" }, where), h("span", { dir: "auto" }, what),
      h("span", {}, mend, h("span", { class: "vk-small" }, ` (${source})`)))));
  }

  /** A still picture in the place of a film that nobody has asked for yet. */
  rest(film) {
    this.token = film.film;
    this.video = null;
    const poster = h("img", { class: "vk-poster", alt: "" });
    fill(this.stage, [poster, this.start, this.told]);
    set(this.start, "aria-label", `Play the video: ${film.title}`);
    this.start.hidden = false;
    this.told.hidden = true;
    this.panel.lazy(poster, film.poster);
  }

  chapter({ start, title }) {
    if (start === null) {
      return h("li", { class: "vk-missing" }, h("span", { dir: "auto" }, title),
        h("span", { class: "vk-small" }, " not in the video"));
    }
    const go = h("button", { type: "button", "data-start": start, onclick: () => this.play(start) },
      h("span", { class: "vk-small" }, clock(start)), h("span", { dir: "auto" }, title));
    return h("li", {}, go);
  }

  async play(start) {
    const film = this.film;
    try {
      const video = this.video ?? (await this.load(film));
      if (film.film !== this.token) return;
      video.currentTime = start;
      await video.play();
    } catch (error) {
      if (error.name === "AbortError" || error.name === "NotAllowedError") return;
      this.told.hidden = false;
      say(this.told, `The video cannot be shown here: ${error.message}`);
    }
  }

  async load(film) {
    this.told.hidden = false;
    say(this.told, "Loading…");
    const { media } = this.panel;
    const url = await media.url(film.film, (part) => say(this.told, `Loading ${Math.round(100 * part)} %`));
    const captions = film.captions ? await media.url(film.captions).catch(() => null) : null;
    if (film.film !== this.token) throw new DOMException("another film is shown", "AbortError");
    if (this.video) return this.video;
    const focused = this.start === this.panel.focused();
    const video = h("video", { controls: true, playsinline: true, src: url, "aria-label": film.title });
    if (captions) video.append(h("track", { kind: "captions", label: "Captions", src: captions }));
    fill(this.stage, [video]);
    this.video = video;
    if (focused) video.focus();
    await new Promise((resolve, reject) => {
      video.addEventListener("loadedmetadata", resolve, { once: true });
      video.addEventListener("error", () => reject(new Error("the browser cannot play it")), { once: true });
    });
    return video;
  }
}
