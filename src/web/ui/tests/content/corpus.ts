import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(process.cwd(), "tests/content/corpus");

/** Documents by name. */
export const corpus: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
);
