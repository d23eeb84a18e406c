// Small makers of nodes. Content that is a string becomes text, never markup.

export function make(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) {
    node.className = className;
  }
  node.append(...content);
  return node;
}

export function button(words, onClick, className = '') {
  const node = make('button', className, words);
  node.type = 'button';
  node.addEventListener('click', onClick);
  return node;
}

export const byId = id => document.getElementById(id);

export const newId = prefix =>
  prefix + Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, '0')).join('');

// JSON for people: a string as it is, everything else in lines.
export const readable = value => typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? '';
