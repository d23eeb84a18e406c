import type { Chat } from "./api.js";
import { Client } from "./client.js";
import type { ChatOptions } from "./options.js";

export type * from "./api.js";
export type * from "./options.js";
export type { ChatStorage, StoredValue } from "./storage.js";
export { ChatError } from "./error.js";

/** Connects, and stays so until `close`. */
export const createChat = (options: ChatOptions = {}): Chat => new Client(options);
