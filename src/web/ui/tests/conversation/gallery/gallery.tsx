import "../../../src/kit/kit.css";
import "./gallery.css";
import { render } from "preact";
import { Conversation } from "../../../src/conversation/conversation.js";
import { keepFocus } from "../../../src/kit/focus.js";
import { LiveRegions } from "../../../src/kit/live.js";
import { showTooltips } from "../../../src/kit/tooltip.js";
import { PlayedThread, playedChat } from "./played.js";
import { STATES } from "./states.js";

const given = new URLSearchParams(location.search);
const state = STATES[given.get("state") ?? "answered"]?.();
const root = document.getElementById("app");
if (state === undefined || root === null) {
  throw new Error("There is no such state.");
}

document.documentElement.dataset["theme"] = given.get("theme") ?? "light";
document.documentElement.dir = state.dir ?? "ltr";
const thread = new PlayedThread(state.snapshot);
Object.assign(window, { thread, press: state.press ?? [] });
keepFocus();
showTooltips();
render(
  <>
    <LiveRegions />
    <main><h1 class="unseen">Chat</h1><Conversation chat={playedChat(state.connection ?? {}, thread)} thread={thread} /></main>
  </>,
  root,
);
