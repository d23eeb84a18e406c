/** What a page has; a worker has some of it, Node next to nothing. */
export const here: Partial<Pick<typeof globalThis, "document" | "location" | "navigator" | "addEventListener">> = globalThis;
