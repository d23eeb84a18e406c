import { useEffect, useState } from "preact/hooks";

/** Where the page is: `#/t/<thread_id>` or `#/t/<thread_id>/<seq>` for an event in it, else a new chat. In the hash, since the server serves one page, perhaps below a path. */
export interface Route {
  readonly threadId?: string;
  /** The event to be shown. */
  readonly seq?: number;
}

// The second form is that of links made before there was a list of routes.
const pattern = /^#(?:\/t\/([^/]+)(?:\/(\d{1,15}))?|(thr_[^/]+))$/;

export function parseRoute(hash: string): Route {
  const [, id, seq, bare] = pattern.exec(hash) ?? [];
  const threadId = id ?? bare;
  return threadId === undefined ? {} : { threadId: decode(threadId), ...(seq === undefined ? {} : { seq: Number(seq) }) };
}

export function hashOf({ threadId, seq }: Route): string {
  if (threadId === undefined) {
    return "#/";
  }
  return `#/t/${encodeURIComponent(threadId)}${seq === undefined ? "" : `/${seq}`}`;
}

/** `replace` leaves no way back to where the page was: for a new chat that got its id. */
export function navigate(route: Route, options: { replace?: boolean } = {}): void {
  const hash = hashOf(route);
  if (options.replace) {
    history.replaceState(null, "", hash);
  } else {
    history.pushState(null, "", hash);
  }
  window.dispatchEvent(new Event("routechange"));
}

/** The route, another object with each navigation, to the same place too; and how many there were. */
export function useRoute(): { readonly route: Route; readonly visit: number } {
  const [current, setCurrent] = useState(() => ({ route: parseRoute(location.hash), visit: 0 }));
  useEffect(() => {
    const update = () => { setCurrent(({ visit }) => ({ route: parseRoute(location.hash), visit: visit + 1 })); };
    window.addEventListener("popstate", update);
    window.addEventListener("routechange", update);
    return () => {
      window.removeEventListener("popstate", update);
      window.removeEventListener("routechange", update);
    };
  }, []);
  return current;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone % is no escape: it names no thread, and the server says so.
  }
}
