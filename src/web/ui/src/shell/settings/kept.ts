/** What this browser keeps under the key; nothing where storage is blocked. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // A SecurityError: the person blocks this site's storage.
  }
}

/** Where storage is blocked or full, what was to be kept is known until the page is closed, and then forgotten. */
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    console.warn(`${key} cannot be kept in this browser:`, error);
  }
}
