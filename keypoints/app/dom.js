// Short words for what every module does to the document.

export const $ = (id) => document.getElementById(id);

export const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export const svg = (name, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

/** Show an error's words, or none. */
export function say(words) {
  $("error").textContent = words;
  $("error").hidden = !words;
}

export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
