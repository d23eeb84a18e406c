/** Shows characters that turn the order of text around, with which code can look like other code than it is. */
export function visibleControls(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (char) => `[U+${char.charCodeAt(0).toString(16).toUpperCase()}]`);
}
