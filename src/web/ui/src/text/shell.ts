import { plural } from "./format.js";

export const appName = "Chat";

export const shellText = {
  skip: "Skip to the conversation",
  sidebar: "Chats",
  openSidebar: "Open the list of chats",
  closeSidebar: "Close the list of chats",
  newChat: "New chat",
  search: "Search",
  untitled: "New chat",
  moreOf: (title: string) => `More for “${title}”`,
  more: "More",
  conversation: "Conversation",

  loadingChats: "Loading chats",
  noChats: "Your chats will be listed here.",
  noArchived: "Nothing is archived.",
  archived: "Archived chats",
  backToChats: "Back to chats",
  loadingMore: "Loading more chats",

  today: "Today",
  yesterday: "Yesterday",
  lastWeek: "Previous 7 days",
  lastMonth: "Previous 30 days",

  running: "answering",
  needsApproval: "needs your approval",
  unread: "unread",

  rename: "Rename",
  renameLabel: (title: string) => `New name of “${title}”`,
  save: "Save",
  cancel: "Cancel",
  archive: "Archive",
  unarchive: "Take out of the archive",
  exportJson: "Export as JSON",
  exportMarkdown: "Export as Markdown",
  delete: "Delete",
  archivedNotice: (title: string) => `“${title}” was archived.`,
  unarchivedNotice: (title: string) => `“${title}” is in your chats again.`,
  undo: "Undo",
  dismiss: "Dismiss",
  notice: "Notice",
  renameFailed: (reason: string) => `The chat was not renamed: ${reason}`,
  archiveFailed: (reason: string) => `The archive was not changed: ${reason}`,
  loadFailed: (reason: string) => `More chats could not be loaded: ${reason}`,

  updateTitle: "This page was updated. Reload it to go on.",
  reload: "Reload",
} as const;

export const connectionText = {
  label: "Connection",
  connecting: "Connecting…",
  offline: "You are offline. What you write is kept here and sent when you are back.",
  waiting: (seconds: number) => seconds > 0 ? `Connection lost. Trying again in ${plural(seconds, { one: "# second", other: "# seconds" })}.` : "Connection lost. Trying again…",
  lost: "Connection lost",
  back: "Connected again",
  retry: "Retry now",
  closed: (reason: string) => `The connection was closed: ${reason}`,
  closedWithout: "The connection was closed.",
  ended: "Your session has ended",
  endedWords: "Your chats are kept, but this browser cannot open them any more. What you wrote and was not sent stays on this device.",
  asGuest: "Go on as a new guest",
} as const;

export const notifyText = {
  offer: "Be notified when an answer is ready or an approval is needed while you are away?",
  turnOn: "Turn on",
  notNow: "Not now",
  answered: "The answer is ready",
  approval: "Your approval is needed",
  label: "Notifications",
} as const;

export const accountText = {
  user: "Signed in",
  menu: "account and settings",
  guest: "You are a guest",
  settings: "Settings",
  help: "Keyboard shortcuts",
  developer: "Developer's drawer",
  about: "What it means to be a guest",
} as const;
