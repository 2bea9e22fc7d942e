// Small DOM helpers. Text is always set as text, so that no name is ever markup.
import { renew, sayOut } from "../session.js";

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name, small = false) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("class", small ? "r-i r-i-s" : "r-i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(ns, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const format = new Intl.NumberFormat(document.documentElement.lang || undefined);
export const grouped = (n) => format.format(n);

export function token() {
  const held = document.querySelector("[hx-headers]")?.getAttribute("hx-headers");
  return held ? JSON.parse(held)["X-CSRFToken"] : "";
}

/** 401 where nobody is signed in: a redirect to the log-in would be followed, and look like an answer. */
export async function post(url, body, type) {
  const answer = await send(url, body, type);
  if (answer.status === 403 && await renew()) return send(url, body, type);
  if (!answer.redirected) return answer;
  sayOut();
  return new Response("{}", { status: 401 });
}

function send(url, body, type) {
  const headers = { "X-CSRFToken": token() };
  if (type) headers["Content-Type"] = type;
  return fetch(url, { method: "POST", headers, body });
}
