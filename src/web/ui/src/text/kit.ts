export const kitText = {
  close: "Close",
} as const;
