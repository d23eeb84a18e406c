import type { ComponentChildren } from "preact";
import { contentText } from "../../text/content.js";
import type { Address } from "./addresses.js";

export interface AnchorProps {
  readonly address: Address;
  /** The text of the link, which may name another place than where it leads. */
  readonly written: string;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}

/** A link that opens apart and says where it leads: its address as a title, and the host behind a text that does not name it. */
export function Anchor({ address: { href, host }, written, title, children }: AnchorProps) {
  const named = host === undefined || isNamed(written, href, host);
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={[title, href, contentText.opensApart].filter(Boolean).join("\n")}>
      {children}
      {!named && <bdi class="content-host">{` (${host})`}</bdi>}
    </a>
  );
}

/** Whether a text begins with the host it leads to, as in `example.com/page`, and so cannot be taken for another. */
function isNamed(written: string, href: string, host: string): boolean {
  const text = written.trim().toLowerCase();
  return text === href || text.replace(/^https?:\/\//, "").replace(/^www\./, "").split(/[/?#]/)[0] === host.replace(/^www\./, "");
}
