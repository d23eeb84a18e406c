export interface Address {
  /** Absolute, as the browser would write it. */
  readonly href: string;
  /** Of another origin: its host, international names in ASCII so that none looks like another. */
  readonly host?: string;
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Where a link may lead: http, https, mailto, or an address relative to the page. Anything else is `undefined`, and is shown as text. */
export function linkAddress(written: string, base = document.baseURI): Address | undefined {
  const url = parse(written, base);
  if (url?.protocol === "mailto:") return { href: url.href };
  if (url === undefined || !isWeb(url)) return undefined;
  return url.origin === new URL(base).origin ? { href: url.href } : { href: url.href, host: url.host };
}

/** An image is loaded from the page's own origin only: an address of another would tell that one what was read here, and when. */
export function imageAddress(written: string, base = document.baseURI): string | undefined {
  const url = parse(written, base);
  return url !== undefined && isWeb(url) && url.origin === new URL(base).origin ? url.href : undefined;
}

function isWeb(url: URL): boolean {
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
}

function parse(written: string, base: string): URL | undefined {
  if (written === "" || INVISIBLE.test(written) || !URL.canParse(written, base)) return undefined;
  return new URL(written, base);
}
