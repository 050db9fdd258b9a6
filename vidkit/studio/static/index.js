// A panel: the components that a model asks for, drawn from its values and nothing else.
import { Media, Voice, h, say, set, themed } from "./base.js";
import { Lessons, Settings, Tuner } from "./choose.js";
import { Controls, Meters, Timeline, Videos } from "./monitor.js";
import { Player } from "./player.js";
import { Sections } from "./sections.js";

const ALONE = {
  lessons: Lessons, settings: Settings, sections: Sections, meters: Meters, timeline: Timeline,
  videos: Videos, player: Player, tuner: Tuner,
};

class Panel {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.media = new Media(model);
    this.media.shown = (url) => Boolean(root.querySelector(`[src="${url}"]`));
    this.voice = new Voice();
    this.lost = h("p", { class: "vk-wrong", role: "alert" });
    this.watches = [];
    this.asked = new Map();
    this.number = 0;
    this.name = Math.random().toString(36).slice(2);
    this.watching("msg:custom", (message) => this.answered(message));
    // JupyterLab tells so when it restarts the kernel, or starts one in the place of one that died
    this.watching("comm_live_update", () => {
      this.unheard(true);
      this.ask("view", "hello").then(() => this.unheard(false));
    });
    this.eyes = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) this.load(target);
    }, { rootMargin: "300px" });
  }

  watching(event, call) {
    this.model.on(event, call);
    this.watches.push(() => this.model.off(event, call));
  }

  get(name) {
    return this.model.get(name);
  }

  /** Call something with a value of the model, now and whenever it changes. */
  watch(name, call) {
    this.watching(`change:${name}`, () => call(this.get(name)));
    call(this.get(name));
  }

  /** Have something done in the kernel. */
  async act(part, does, args = {}, buffers = []) {
    try {
      await this.model.send({ part, do: does, ...args }, undefined, buffers);
    } catch {
      this.unheard(true);
    }
  }

  /** Say that nothing which is pressed here is heard: the panel's kernel is gone. */
  unheard(gone) {
    set(this.root, "data-gone", gone);
    say(this.lost, gone ? "The kernel of this panel was restarted or shut down: nothing that is pressed here "
      + "is heard any more. Copy what you have typed, and run the cell again." : "");
  }

  /** Have something done in the kernel, and wait for what came of it. */
  ask(part, does, args = {}, buffers = []) {
    const reply = `${this.name}-${(this.number += 1)}`;
    const answer = new Promise((resolve) => this.asked.set(reply, resolve));
    this.act(part, does, { ...args, reply }, buffers);
    return answer;
  }

  answered(message) {
    if (!this.asked.has(message?.reply)) return;
    this.asked.get(message.reply)(message.value);
    this.asked.delete(message.reply);
  }

  /** Show a picture as soon as it comes into view. */
  lazy(image, token) {
    image.dataset.media = token ?? "";
    image.removeAttribute("src");
    this.eyes.unobserve(image);
    if (token) this.eyes.observe(image);
  }

  async load(image) {
    this.eyes.unobserve(image);
    const token = image.dataset.media;
    try {
      const url = await this.media.url(token);
      if (image.dataset.media === token) image.src = url;
    } catch (error) {
      image.title = `${image.alt}: ${error.message}`;
    }
  }

  focused() {
    return this.root.getRootNode().activeElement ?? null;
  }

  close() {
    for (const stop of this.watches) stop();
    this.eyes.disconnect();
    this.media.close();
  }
}

function fold(title, open, ...children) {
  return h("details", { class: "vk-fold", open }, h("summary", {}, title), ...children);
}

/** The whole Studio: choose, make, watch; what is seldom wanted is folded away. */
function studio(panel) {
  const sections = new Sections(panel);
  const [lessons, controls] = [new Lessons(panel), new Controls(panel, sections)];
  const [settings, player, videos] = [new Settings(panel), new Player(panel), new Videos(panel)];
  const course = fold("What is going on", false, h("div", { class: "vk-course" },
    new Meters(panel).element, new Timeline(panel).element));
  // open while a run goes on, whatever somebody likes better
  let ran = false;
  panel.watch("run", (run) => {
    const busy = Boolean(run?.busy);
    course.hidden = !run?.ran;
    say(course.firstChild, busy ? "What is going on" : "How it went");
    if (busy !== ran) course.open = busy;
    ran = busy;
  });
  return [lessons.element, settings.plan, controls.element, fold("Settings", false, settings.element),
    course, videos.element, player.element, sections.element];
}

function shortcuts(panel, root) {
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const field = event.target.closest("input, textarea, select");
    const does = event.key === "s" ? "save" : event.key === "z" && !field ? "undo" : null;
    if (!does || !panel.get("lesson")?.there) return;
    event.preventDefault();
    event.stopPropagation();
    panel.act("sections", does);
  });
}

/** What a saved notebook shows in the place of a panel is hidden as soon as a kernel answers; where
 *  none does, as in a page that was exported, it is the panel that is hidden. */
function alive(panel, root) {
  const stored = () => panel.get("stored");
  const look = h("style");
  root.append(look);
  const hide = () => { look.textContent = stored() ? `#${stored()} { display: none; }` : ""; };
  const late = setTimeout(() => { root.hidden = Boolean(stored()); }, 5000);
  panel.ask("view", "hello").then(() => {
    clearTimeout(late);
    root.hidden = false;
    hide();
    panel.watching("change:stored", hide);
  });
}

function render({ model, el }) {
  // JupyterLab leaves its keys alone within what has this attribute
  const root = h("div", { class: "vk", "data-lm-suppress-shortcuts": "true" });
  const panel = new Panel(model, root);
  el.classList?.add("vidkit");
  el.append(root);
  root.append(panel.lost);
  const parts = model.get("parts");
  if (parts.includes("studio")) root.append(...studio(panel));
  for (const part of parts) {
    if (!ALONE[part]) continue;
    const component = new ALONE[part](panel);
    root.append(component.element);
    if (part === "settings") root.append(component.plan);
  }
  root.append(panel.voice.element);
  set(root, "data-parts", parts.join(" "));
  shortcuts(panel, root);
  const unthemed = themed(root);
  alive(panel, root);
  return () => {
    unthemed();
    panel.close();
    root.remove();
  };
}

export default { render };
