import { createChat } from "@chatbackend/client";
import { ChatProvider } from "@chatbackend/react";
import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Chats } from "./chats.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import "./app.css";

// One for the page. Its server is where the page comes from, and who opens it is a guest.
const chat = createChat();

/** The id of the thread that the address names: `#thr_…`. A router does the same. */
function useThreadId(): string | undefined {
  const hash = useSyncExternalStore(
    (listener) => {
      addEventListener("hashchange", listener);
      return () => { removeEventListener("hashchange", listener); };
    },
    () => location.hash,
  );
  return hash.slice(1) || undefined;
}

function App() {
  const threadId = useThreadId();
  return (
    <div className="app">
      <Chats current={threadId} />
      <main>
        <Connection />
        <Conversation threadId={threadId} />
      </main>
    </div>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <ChatProvider chat={chat}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
