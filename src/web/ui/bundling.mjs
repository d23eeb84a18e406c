// How modules become files: the same for the page and for the pages of the tests.
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(fileURLToPath(import.meta.url));

/** `import css from "./x.css?sheet"` gives the text of a style sheet, for a module that is loaded on demand and adopts it (kit/sheet.ts). */
const sheets = {
  name: "sheets",
  setup: (bundle) => {
    bundle.onResolve({ filter: /\.css\?sheet$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace("?sheet", "")), namespace: "sheet" }));
    bundle.onLoad({ filter: /./, namespace: "sheet" }, async ({ path }) => {
      const { outputFiles } = await build({ ...styles, entryPoints: [path], write: false });
      return { contents: outputFiles[0].text, loader: "text", watchFiles: [path] };
    });
  },
};

const styles = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: ["chrome123", "firefox125", "safari17.5"],
  logLevel: "warning",
};

export const bundling = {
  ...styles,
  target: ["es2022", ...styles.target],
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  // What the client keeps to itself begins with one underscore; Preact's own names begin with two.
  mangleProps: /^_[a-zA-Z]/,
  alias: { "@chatbackend/client": join(root, "../client/src/index.ts") },
  plugins: [sheets],
};
