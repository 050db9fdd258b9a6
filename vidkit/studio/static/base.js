// What all components share: elements without HTML, messages to the kernel, media, the theme.

/** An element with attributes, listeners ("onclick": f) and children: elements, text or nothing.
 *  Text becomes text nodes, never HTML. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else set(made, name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** Set an attribute, or remove it where the value is false or nothing. Leaves alone what is so
 *  already, so that nothing is drawn twice. */
export function set(element, name, value) {
  const text = value === true ? "" : String(value);
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Set an element's text, where it is another one. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Put exactly these children into an element; those that stay keep their place and focus. */
export function fill(element, children) {
  const wanted = children.filter(Boolean);
  for (const child of [...element.childNodes]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, at) => {
    if (element.childNodes[at] !== child) element.insertBefore(child, element.childNodes[at] ?? null);
  });
}

/** A button. It is never `disabled`, which would lose the focus, but says so and does nothing. */
export function button(text, label, does, look = "") {
  const made = h("button", { type: "button", class: `vk-button ${look}`.trim(), title: label }, text);
  // a name that is read out begins with what is written on the button
  if (label !== text && (label.startsWith(text) || text.startsWith("▶"))) set(made, "aria-label", label);
  made.addEventListener("click", () => made.getAttribute("aria-disabled") === "true" || does(made));
  return made;
}

export function allow(element, allowed) {
  set(element, "aria-disabled", allowed ? null : "true");
}

/** A field with its label above it. */
export function labelled(label, field, note = "") {
  return h("label", { class: "vk-field" }, h("span", { class: "vk-label" }, label), field,
    note ? h("span", { class: "vk-note" }, note) : null);
}

/** Show a form in the place of `old`; gives it. `does` gives what is wrong, if anything is; then the
 *  form stays, and else the focus goes back to where it came `from`. */
export function form(old, title, chief, from, fields, does) {
  const wrong = h("p", { class: "vk-wrong", role: "alert" });
  const close = () => {
    made.hidden = true;
    from.focus();
  };
  const made = h("form", { class: "vk-new", "aria-label": title }, ...fields,
    h("div", { class: "vk-row" }, h("button", { type: "submit", class: "vk-button vk-chief" }, chief),
      button("Never mind", `Never mind: ${title}`, close)), wrong);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = [await does()].flat().filter(Boolean).join("\n");
    if (told) say(wrong, told);
    else close();
  });
  made.addEventListener("keydown", (event) => event.key === "Escape" && close());
  old.replaceWith(made);
  made.querySelector("input").focus();
  return made;
}

const MESSAGE = 2 ** 20; // bytes of a file that go to the kernel at once: it cuts off who sends more

/** Hand a file over to the kernel, in pieces; gives what it answered to the last, or to the one that
 *  it did not like. */
export async function sent(panel, part, does, file, args = {}) {
  for (let start = 0; ; start += MESSAGE) {
    const piece = await file.slice(start, start + MESSAGE).arrayBuffer();
    const more = start + MESSAGE < file.size;
    const reply = await panel.ask(part, does, { ...args, name: file.name, start, more }, [piece]);
    if (!more || !reply || reply.error) return reply ?? { error: "it could not be sent" };
  }
}

/** A button that speaks a sample of a voice, of the provider's own where it is "", and its words. */
export function sampler(panel, about, voice = () => "") {
  const told = h("span", { class: "vk-small" });
  const hear = button("▶ Sample", `Sample of the voice of ${about}`, async () => {
    say(told, "…");
    try {
      const { media, error } = await panel.ask("sections", "sample", { voice: voice() });
      if (error) throw new Error(error);
      await new Audio(await panel.media.url(media)).play();
      say(told, "");
    } catch (error) {
      say(told, error.message);
    }
  });
  return [hear, told];
}

/** A voice to be chosen, with a sample of it. */
export function voicePicker(panel, about) {
  const list = h("select", { "aria-label": `Voice of ${about}` });
  const offer = (voices, chosen) => {
    const known = voices.some(([value]) => value === chosen) ? voices : [...voices, [chosen, chosen]];
    fill(list, known.map(([value, name]) => h("option", { value }, name)));
    list.value = chosen;
  };
  const heard = sampler(panel, about, () => list.value);
  return { list, offer, element: h("div", { class: "vk-row vk-voice" }, labelled("Voice", list), ...heard) };
}

/** A row of buttons with one tab stop, among which the arrow keys move. */
export function toolbar(label, ...buttons) {
  const row = h("div", { class: "vk-row", role: "toolbar", "aria-label": label }, ...buttons);
  roving(row, () => [...row.querySelectorAll("button")].filter((each) => !each.hidden));
  return row;
}

/** Let the arrow keys move among what `items` gives, which is one tab stop altogether. */
export function roving(box, items) {
  const settle = () => {
    const all = items();
    const stop = all.find((each) => each.tabIndex === 0) ?? all[0];
    for (const each of all) each.tabIndex = each === stop ? 0 : -1;
  };
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  box.addEventListener("focusin", ({ target }) => {
    const all = items();
    if (all.includes(target)) for (const each of all) each.tabIndex = each === target ? 0 : -1;
  });
  box.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(event.target);
    if (at < 0) return;
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1
      : event.key in steps ? Math.min(all.length - 1, Math.max(0, at + steps[event.key])) : null;
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    all[to].focus();
  });
  settle();
  new MutationObserver(settle).observe(box, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"],
  });
}

export function clock(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Says things to who does not see them: the latest one, at most once in five seconds. */
export class Voice {
  constructor() {
    this.element = h("div", { class: "vk-unseen", role: "status", "aria-live": "polite" });
    this.spoken = 0;
    this.timer = null;
  }

  say(text) {
    this.text = text;
    if (this.timer !== null) return;
    const wait = Math.max(0, this.spoken + 5000 - Date.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      this.spoken = Date.now();
      say(this.element, this.text);
    }, wait);
  }
}

const PATIENCE = 10000; // milliseconds after which a piece is asked for again
const TRIES = 6;
const AT_ONCE = 4; // media that are fetched side by side
const MOST_BYTES = 96e6; // of media that are kept, beyond what is shown

/** The pictures, sounds and films of a model. They come over the widget's own channel, in pieces
 *  that are asked for one after the other, and become Blob URLs. */
export class Media {
  constructor(model) {
    this.model = model;
    this.kept = new Map(); // token -> {promise, url, bytes}
    this.pieces = new Map(); // "token@offset" -> resolve
    this.free = AT_ONCE;
    this.line = [];
    this.heard = (message, buffers) => this.take(message, buffers);
    model.on("msg:custom", this.heard);
  }

  /** The Blob URL of a token; `told` hears how much of it is there, from 0 to 1. */
  url(token, told = () => {}) {
    let entry = this.kept.get(token);
    if (!entry) {
      entry = { told: [], bytes: 0, url: null };
      entry.promise = this.turn(() => this.fetched(token, entry)).catch((error) => {
        this.kept.delete(token);
        throw error;
      });
      this.kept.set(token, entry);
    }
    entry.told.push(told);
    return entry.promise;
  }

  async turn(work) {
    if (this.free === 0) await new Promise((go) => this.line.push(go));
    else this.free -= 1;
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  async fetched(token, entry) {
    const parts = [];
    let offset = 0, size = Infinity, type = "";
    while (offset < size) {
      const piece = await this.piece(token, offset);
      ({ size, type } = piece);
      parts.push(piece.data);
      offset += piece.data.byteLength;
      if (piece.data.byteLength === 0 && offset < size) throw new Error("it was cut short");
      for (const told of entry.told) told(size ? offset / size : 1);
    }
    entry.bytes = size;
    entry.url = URL.createObjectURL(new Blob(parts, { type }));
    this.forget();
    return entry.url;
  }

  async piece(token, offset) {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const key = `${token}@${offset}`;
      const answer = new Promise((resolve) => this.pieces.set(key, resolve));
      const late = new Promise((resolve) => setTimeout(resolve, PATIENCE * (attempt + 1)));
      this.model.send({ part: "media", do: "piece", token, offset });
      const piece = await Promise.race([answer, late]);
      this.pieces.delete(key);
      if (piece?.error) throw new Error(piece.error);
      if (piece) return piece;
    }
    throw new Error("the kernel does not answer");
  }

  take(message, buffers) {
    if (message?.media === undefined) return;
    const data = buffers?.[0] ? new Uint8Array(buffers[0].buffer ?? buffers[0],
      buffers[0].byteOffset ?? 0, buffers[0].byteLength) : new Uint8Array();
    this.pieces.get(`${message.media}@${message.offset}`)?.({ ...message, data: data.slice() });
  }

  /** Let go of the oldest media where there are too many, not of those on the page. */
  forget() {
    let bytes = 0;
    for (const entry of this.kept.values()) bytes += entry.bytes;
    for (const [token, entry] of this.kept) {
      if (bytes <= MOST_BYTES) return;
      if (!entry.url || this.shown?.(entry.url)) continue;
      URL.revokeObjectURL(entry.url);
      bytes -= entry.bytes;
      this.kept.delete(token);
    }
  }

  close() {
    this.model.off("msg:custom", this.heard);
    for (const { url } of this.kept.values()) if (url) URL.revokeObjectURL(url);
    this.kept.clear();
  }
}

/** Mark an element as dark where what lies behind it is, whoever's page it stands in. */
export function themed(element) {
  const look = () => {
    let behind = element.parentElement ?? element.getRootNode().host ?? null;
    let colour = null;
    while (behind && !colour) {
      const [r, g, b, a = 1] = (getComputedStyle(behind).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
      if (a > 0.5) colour = [r, g, b];
      behind = behind.parentElement ?? behind.getRootNode().host ?? null;
    }
    const [r, g, b] = colour ?? (matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255]);
    set(element, "data-dark", 0.299 * r + 0.587 * g + 0.114 * b < 128);
  };
  const soon = () => setTimeout(look, 300); // colours may fade
  const watch = new MutationObserver(() => { look(); soon(); });
  for (const root of [document.documentElement, document.body]) watch.observe(root, { attributes: true });
  const seen = new IntersectionObserver(look);
  seen.observe(element);
  look();
  soon();
  return () => { watch.disconnect(); seen.disconnect(); };
}
