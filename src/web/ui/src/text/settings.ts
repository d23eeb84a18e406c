export const settingsText = {
  title: "Settings",
  theme: "Theme",
  textSize: "Text size",
  density: "Density",
  sendKey: "Send a message with",
  notifications: "Notify me about answers and approvals while I am away",
  notificationsDenied: "Notifications are blocked for this site in the browser's settings.",
  notificationsMissing: "This browser shows no notifications here.",
  singleKeys: "Shortcuts of a single key, such as ?",
  developer: "Show the developer's drawer",
  options: {
    theme: { system: "System", light: "Light", dark: "Dark" },
    textSize: { small: "Small", medium: "Medium", large: "Large", largest: "Largest" },
    density: { comfortable: "Comfortable", compact: "Compact" },
  },
  enter: "Enter",
  modEnter: (mod: string) => `${mod}+Enter`,
} as const;
