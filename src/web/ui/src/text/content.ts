import { formatNumber, plural } from "./format.js";

export const contentText = {
  copy: "Copy",
  copied: "Copied",
  copyCode: (language: string) => (language === "" ? "Copy code" : `Copy ${language} code`),
  codeCopied: "Code copied",
  copyFailed: "The browser did not allow copying",
  code: (language: string) => (language === "" ? "Code" : `Code, ${language}`),
  plainCode: "Text",
  table: "Table",
  tableGoesOn: "Table, continued",
  taskDone: "Done:",
  taskOpen: "To do:",
  footnote: (number: number) => `Footnote ${formatNumber(number)}`,
  backToText: "Back to the text",
  opensApart: "opens in a new tab",
  showMore: "Show more",
  showLess: "Show less",
  hidden: (characters: number) => plural(characters, { one: "# more character", other: "# more characters" }),
} as const;
