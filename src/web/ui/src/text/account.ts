/** Of the dialog that explains it. */
export const guestText = {
  title: "You are a guest",
  words: "Your chats belong to this browser: nobody else can open them, and you cannot open them elsewhere.",
  loses: "If you clear this site's data, they cannot be opened any more.",
  ok: "OK",
} as const;
