/** Of the question before a chat is deleted. */
export const deleteText = {
  title: "Delete this chat?",
  words: (title: string) => `“${title}” and all its messages are erased for good. An answer that is being written is stopped.`,
  keep: "Keep",
  delete: "Delete",
  done: (title: string) => `“${title}” was deleted.`,
  failed: (reason: string) => `The chat was not deleted: ${reason}`,
} as const;
