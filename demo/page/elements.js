/* global document */

/**
 * Makes an element: `element('button', { type: 'button', class: 'main' }, 'Send')`. A property that is undefined is left out.
 * @param {string} name
 * @param {Record<string, string | undefined>} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

/** Sets a text only when it changes, to keep the selection and a screen reader's position. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** `14:03:07` */
export function timeOf(at) {
  return new Date(at).toTimeString().slice(0, 8);
}

/** `3.2 s` */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `1 message`, `2 messages` */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
