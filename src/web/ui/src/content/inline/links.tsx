import type { ComponentChildren } from "preact";
import { imageAddress, linkAddress } from "./addresses.js";
import { Anchor } from "./anchor.js";
import { decodeEntities } from "./entities.js";

interface LinkViewProps {
  /** As it was written, entities included. */
  readonly address: string;
  readonly title: string;
  readonly written: string;
  readonly children: ComponentChildren;
}

/** A link; only its text where it leads nowhere that a link may lead, and while its address is not there yet. */
export function LinkView({ address, title, written, children }: LinkViewProps) {
  const decoded = decodeEntities(address);
  const target = linkAddress(decoded);
  if (target !== undefined) return <Anchor address={target} written={decodeEntities(written)} title={decodeEntities(title)}>{children}</Anchor>;
  return decoded === "" ? <span class="content-link">{children}</span> : <>{children} <span class="content-refused">({decoded})</span></>;
}

/** An image of the page's own origin. Of another one it is a link, so that nothing is asked of anyone before somebody wants it. */
export function ImageView({ address, title, alt }: { readonly address: string; readonly title: string; readonly alt: string }) {
  const decoded = decodeEntities(address);
  const name = decodeEntities(alt);
  const source = imageAddress(decoded);
  if (source !== undefined) return <img src={source} alt={name} loading="lazy" decoding="async" {...(title === "" ? {} : { title: decodeEntities(title) })} />;
  return <LinkView address={address} title={title} written={alt}>{name === "" ? decoded : name}</LinkView>;
}
