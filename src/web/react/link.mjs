// samples/React finds its packages here instead of installing its own, so that there is one lock file, and one React.

import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const link = join(import.meta.dirname, "../../../samples/React/node_modules");
if (!existsSync(link)) {
  symlinkSync(join(import.meta.dirname, "../node_modules"), link, "junction");
}
