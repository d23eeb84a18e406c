import "./kit/kit.css";
import "./shell/shell.css";
import { createChat } from "@chatbackend/client";
import { render } from "preact";
import { keepFocus } from "./kit/focus.js";
import { showTooltips } from "./kit/tooltip.js";
import { App } from "./shell/app.js";
import { keepCopies } from "./shell/offline/copies.js";
import { watchFrames } from "./shell/drawer/frameLog.js";
import { registerWorker } from "./shell/worker/register.js";

const root = document.getElementById("app");
if (!root) {
  throw new Error("index.html has no element with the id app.");
}
const chat = keepCopies(createChat());
watchFrames(chat);
keepFocus();
showTooltips();
render(<App chat={chat} />, root);
registerWorker(chat);
