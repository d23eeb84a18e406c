/** What a frame has beside its content: names, ids, the agent's name. */
const FRAME_BYTES = 1024;
/** A counter is shown for what is above this part of the limit. */
const NEAR = 0.9;

const encoder = new TextEncoder();

/** How many bytes are left in a message, below zero when it is too long; nothing as long as that is no question. */
export function bytesLeft(text: string, maxMessageBytes: number | undefined): number | undefined {
  if (maxMessageBytes === undefined) {
    return undefined;
  }

  const most = maxMessageBytes - FRAME_BYTES;
  // A UTF-16 code unit is 6 bytes of JSON at most, as "\u0001": a short text need not be measured.
  if (text.length * 6 < most * NEAR) {
    return undefined;
  }

  const bytes = encoder.encode(JSON.stringify(text)).length;
  return bytes < most * NEAR ? undefined : most - bytes;
}
