// Copies a link to what the page shows. Where a browser does not let pages copy, the link stands in a field to copy from.
const HOME = Symbol.for("moonviz.copying");
const SHOWN_MS = 2500;

// The app's own address: this page's, without the page's part and without what stood in it.
function address({ parameter, text, path }) {
  const here = new URL(location.href), end = `/${path}`;
  let root = here.pathname.replace(/\/+$/, "");
  if (path && root.endsWith(end)) root = root.slice(0, -end.length);
  return `${here.origin}${root}/?${parameter}=${text}`;
}

async function copied(link) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    // Without a secure connection, or where it is not allowed.
  }
  const field = Object.assign(document.createElement("textarea"), { value: link, readOnly: true });
  field.style.cssText = "position:fixed;top:0;opacity:0";
  document.body.append(field);
  field.select();
  try { return document.execCommand("copy"); } catch { return false; } finally { field.remove(); }
}

class Copying {
  constructor(root) {
    root.innerHTML = '<button type="button">Copy link</button><span class="said" role="status" aria-live="polite"></span>'
      + '<div popover><label>This browser does not let pages copy. Copy the link from here:<input readonly></label></div>';
    this.button = root.querySelector("button");
    this.said = root.querySelector(".said");
    this.field = root.querySelector("[popover]");
    this.button.addEventListener("click", () => this.copy());
    this.field.addEventListener("toggle", (event) => { if (event.newState === "closed") this.button.focus(); });
  }

  async copy() {
    const link = address(this.data), focused = this.button.getRootNode().activeElement;
    const done = await copied(link);
    if (focused) this.button.focus();
    if (!done) return this.offer(link);
    this.say("Copied");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(""), SHOWN_MS);
    return undefined;
  }

  say(words) {
    this.button.textContent = words || "Copy link";
    this.said.textContent = words && `${words}: a link to this page with its settings`;
  }

  offer(link) {
    const input = this.field.querySelector("input"), at = this.button.getBoundingClientRect();
    input.value = link;
    this.field.showPopover();
    const box = this.field.getBoundingClientRect();
    this.field.style.left = `${Math.max(16, Math.min(at.left, innerWidth - box.width - 16))}px`;
    this.field.style.top = `${Math.max(8, at.top - box.height - 8)}px`;
    input.focus();
    input.select();
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".link");
  if (!root || !data?.text) return;
  if (!root[HOME]) root[HOME] = new Copying(root);
  root[HOME].data = data;
}
