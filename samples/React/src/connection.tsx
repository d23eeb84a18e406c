import { useChat, useConnection } from "@chatbackend/react";

/** Says something only when something is wrong. */
export function Connection() {
  const chat = useChat();
  const { state, sessionEnded, reason } = useConnection();
  if (sessionEnded) {
    return (
      <p role="alert">
        Your session has ended. <button onClick={() => void chat.startSession()}>Begin a new one</button>
      </p>
    );
  }
  if (state === "waiting" || state === "offline") {
    return (
      <p role="alert">
        {state === "offline" ? "There is no network." : "The server cannot be reached."} What you write is sent later.{" "}
        <button onClick={() => { chat.reconnect(); }}>Retry now</button>
      </p>
    );
  }
  return state === "closed" ? <p role="alert">{reason?.text}</p> : null;
}
