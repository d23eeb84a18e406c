export { ChatProvider, type ChatProviderProps, useChat } from "./provider.js";
export { useConnection, useOutbox, useRun, useThreads } from "./observe.js";
export { useThread } from "./thread.js";
export { type Sending, useSend } from "./send.js";
