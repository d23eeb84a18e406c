import { formatBytes, formatDate, formatDuration, formatMoment, formatNumber, formatTime, plural } from "./format.js";

const DAY_MS = 86_400_000;

/** Every word of the conversation. */
export const conversation = {
  region: "Conversation",
  messages: "Messages",

  // Whose turn it is: headings that are only heard.
  youSaid: "You said",
  agentSaid: (agent: string) => `${agent} answered`,
  agentSays: (agent: string) => `${agent} is answering`,

  time: formatTime,
  moment: formatMoment,
  day: (at: string, now: number) => {
    const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY_MS);
    return days === 0 ? "Today" : days === 1 ? "Yesterday" : formatDate(at);
  },
  duration: formatDuration,
  countdown: (ms: number) => {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    return seconds >= 3600
      ? `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
      : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  },
  number: formatNumber,

  // Actions of a message.
  actionsOfYours: "Actions for your message",
  actionsOfAnswer: "Actions for this answer",
  copy: "Copy",
  copyMarkdown: "Copy as Markdown",
  copied: "Copied",
  dismiss: "Dismiss",
  copyFailed: "The browser did not allow copying",
  edit: "Edit",
  editing: "Edit your message",
  editSend: "Send",
  editHint: "Everything after this message moves to another version; you can come back to it.",
  cancel: "Cancel",
  regenerate: "Answer again",
  branch: (index: number, count: number) => `Version ${index} of ${count}`,
  branchShort: (index: number, count: number) => `${index} / ${count}`,
  branches: "Versions of this message",
  previousBranch: "Previous version",
  nextBranch: "Next version",
  goodAnswer: "Good answer",
  badAnswer: "Bad answer",
  feedbackTitle: "What was wrong?",
  feedbackTitleUp: "What was good?",
  feedbackNote: "Note (optional)",
  feedbackSend: "Send note",
  feedbackThanks: "Thank you for the feedback",
  about: "About this answer",
  aboutAgent: "Agent",
  aboutStarted: "Asked",
  aboutEnded: "Ended",
  aboutTook: "Took",
  aboutInput: "Input",
  aboutCached: "of it from a cache",
  aboutOutput: "Output",
  aboutReasoning: "of it thinking",
  aboutCost: "Cost",
  aboutTrace: "Trace",
  tokens: (count: number) => plural(count, { one: "# token", other: "# tokens" }),
  cost: (cost: number) => `${Number(cost.toPrecision(3))}`,

  // Messages of one's own.
  sending: "Sending…",
  waitsForConnection: "Will be sent when you are connected again",
  notSent: (why: string) => `Not sent: ${why}`,
  retry: "Retry",
  retryIn: (left: string) => `Retry in ${left}`,
  discard: "Discard",

  // The end of a run.
  cut: "Cut at the limit for one answer",
  goOn: "Continue",
  goOnMessage: "Continue.",
  filtered: "The rest was held back by a content filter",
  refused: "The model declined to answer",
  empty: "The model said nothing",
  stopped: "Stopped",
  interrupted: "Interrupted by your message",
  budget: "Stopped: it used up what one answer may use",
  failed: "The answer failed",
  failedBecause: (message: string) => `The answer failed: ${message}`,
  lost: "Part of this answer was lost when the server stopped",
  fallback: (agent: string) => `${agent}’s model answers; the usual one is not available`,
  trimmed: (exchanges: number, results: number) => {
    const left = exchanges > 0 ? plural(exchanges, { one: "the oldest exchange", other: "the oldest # exchanges" }) : "";
    const cut = results > 0 ? plural(results, { one: "the middle of one tool result", other: "the middle of # tool results" }) : "";
    return `The model no longer sees ${[left, cut].filter((part) => part !== "").join(" and ")}`;
  },
  trimmedSummary: "What it is shown instead",
  steered: "You added",

  // The timeline of a run.
  working: "Working",
  thought: (duration: string) => `Thought ${duration}`,
  thoughtOpen: (duration: string) => `Thinking ${duration}`,
  step: (count: number) => plural(count, { one: "# step", other: "# steps" }),
  details: "Details",
  arguments: "Arguments",
  result: "Result",
  error: "Error",
  wholeResult: (size: string) => `Show the whole result (${size})`,
  wholeResultLoading: "Loading…",
  wholeResultFailed: "The whole result could not be read",
  toolFailed: (tool: string) => `${tool} failed`,
  toolRejected: (tool: string) => `${tool} was rejected`,
  toolAbandoned: (tool: string) => `${tool} was broken off; it may or may not have had its effect`,
  toolWaits: (tool: string) => `${tool} needs your approval`,
  noArguments: "Nothing",
  yes: "Yes",
  no: "No",
  none: "None",
  bytes: formatBytes,

  // Approvals.
  approvalTitle: (tool: string) => `Approve “${tool}”?`,
  approvalNeeded: (tool: string) => `Approval needed: ${tool}`,
  approvalBy: (agent: string) => `${agent} wants to do this. Nothing happens before you decide.`,
  approve: "Approve",
  reject: "Reject",
  approvalNote: "Note to the agent (optional)",
  expiresIn: (left: string) => `Expires in ${left}`,
  expired: "Too late: the time to decide has passed",
  alreadyDecided: "Already decided on another device",
  deciding: "Sending your decision…",
  decisionFailed: (why: string) => `Your decision was not taken: ${why}`,
  approvedByYou: "You approved",
  rejectedByYou: "You rejected",
  approvedBy: (who: string) => `Approved by ${who}`,
  rejectedBy: (who: string) => `Rejected by ${who}`,
  offlineDecision: "Your decision is sent when you are connected again.",

  // The composer.
  composer: "Message",
  placeholder: (agent: string) => `Message ${agent}`,
  placeholderNone: "Message",
  placeholderBusy: "Write the next message",
  keys: { enter: "Enter", "ctrl+enter": "Ctrl+Enter" },
  send: "Send",
  stop: "Stop",
  stopping: "Stopping…",
  queue: "Queue",
  queueMore: "How to send while an answer is being written",
  queueExplained: "Answered after this answer",
  steer: "Steer",
  steerExplained: "Joins this answer: the agent’s next step sees it",
  interrupt: "Interrupt",
  interruptExplained: "Stops this answer and answers yours",
  agent: (agent: string) => `Agent: ${agent}`,
  agentMenu: "Who answers",
  left: (bytes: number) => plural(bytes, { one: "# byte left", other: "# bytes left" }),
  tooLong: (bytes: number) => plural(bytes, { one: "# byte too long", other: "# bytes too long" }),
  emptyMessage: "Write something first",
  unavailable: "This conversation is not on the server any more.",
  closed: "The connection is closed.",
  waiting: "Messages that wait",
  waits: { queue: "Next", steer: "Joins this answer", interrupt: "Interrupts", reject: "" } as Readonly<Record<string, string>>,
  takeBack: "Take back",

  // Scrolling.
  latest: "Latest",
  latestNew: (count: number) => plural(count, { one: "# new", other: "# new" }),
  earlier: "Loading earlier messages…",
  earlierFailed: "Earlier messages could not be loaded.",
  found: "The message that was found",
  notFoundHit: "That message is not part of the conversation any more.",
  notPrinted: "Earlier messages were not loaded and are not printed.",

  // States.
  emptyTitle: "What can I do for you?",
  chattingWith: (agent: string) => `You are chatting with ${agent}`,
  suggestions: "Suggestions",
  loading: "Loading the conversation…",
  offlineEmpty: "This conversation is not on this device yet. It is shown as soon as you are connected.",
  offlineTitle: "You are offline",
  notFoundTitle: "Conversation not found",
  notFound: "There is no such conversation, or it belongs to somebody else.",
  deletedTitle: "Conversation deleted",
  deleted: "It was deleted, here or on another device. What you had written is kept below.",
  newChat: "New chat",
  restored: "The server was restored from a backup; the conversation was read again.",
  historyExpired: "Earlier messages are no longer kept on the server.",
  catchingUp: "Catching up…",

  // What is announced.
  saysAnswering: "Answering…",
  saysComplete: "Answer complete",
  saysStopped: "Stopped",
  saysTakenBack: "Message taken back; its text is in the message box",
  saysEditCancelled: "Edit cancelled",
} as const;

type Verb = readonly [now: string, past: string];

/** What the names of tools begin with, and how that reads while it runs and afterwards. */
const VERBS: Readonly<Record<string, Verb>> = {
  search: ["Searching", "Searched"], find: ["Finding", "Found"], look: ["Looking", "Looked"], lookup: ["Looking up", "Looked up"],
  get: ["Getting", "Got"], fetch: ["Fetching", "Fetched"], read: ["Reading", "Read"], list: ["Listing", "Listed"],
  send: ["Sending", "Sent"], write: ["Writing", "Wrote"], create: ["Creating", "Created"], add: ["Adding", "Added"],
  delete: ["Deleting", "Deleted"], remove: ["Removing", "Removed"], update: ["Updating", "Updated"], set: ["Setting", "Set"],
  run: ["Running", "Ran"], call: ["Calling", "Called"], ask: ["Asking", "Asked"], calculate: ["Calculating", "Calculated"],
  open: ["Opening", "Opened"], book: ["Booking", "Booked"], check: ["Checking", "Checked"], move: ["Moving", "Moved"],
  query: ["Querying", "Queried"], load: ["Loading", "Loaded"], make: ["Making", "Made"], summarize: ["Summing up", "Summed up"],
};

/** `search_threads` as it reads: "Search threads", "Searching threads", "Searched threads"; `clock`: "clock", "Using clock", "Used clock". */
export function toolTitle(tool: string, form: "name" | "now" | "past"): string {
  const parts = tool.replace(/([a-z\d])([A-Z])/g, "$1 $2").split(/[\s_./-]+/).filter((part) => part !== "").map((part) => part.toLowerCase());
  const [first = tool, ...rest] = parts;
  const verb = VERBS[first];
  const object = rest.length === 0 ? "" : ` ${rest.join(" ")}`;
  if (form === "name") {
    return `${first.charAt(0).toUpperCase()}${first.slice(1)}${object}`;
  }

  return verb === undefined ? `${form === "now" ? "Using" : "Used"} ${first}${object}` : `${verb[form === "now" ? 0 : 1]}${object}`;
}

/** The name of a member as a label: `timeZone` and `time_zone` are "Time zone". */
export function label(name: string): string {
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").split(/[\s_-]+/).filter((word) => word !== "").join(" ").toLowerCase();
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** How many there are of what a tool found, as it reads in brackets. */
export function count(of: string, value: number): string {
  const name = of.replace(/_/g, " ").toLowerCase();
  return `${formatNumber(value)} ${value === 1 && name.endsWith("s") && !name.endsWith("ss") ? name.slice(0, -1) : name}`;
}
