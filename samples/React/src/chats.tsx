import { useThreads } from "@chatbackend/react";

/** The user's threads, newest activity first. */
export function Chats({ current }: { readonly current: string | undefined }) {
  const [{ state, threads, hasMore }, list] = useThreads();
  return (
    <nav aria-label="Chats" aria-busy={state === "loading"}>
      <a href="#" aria-current={current ? undefined : "page"}>
        New chat
      </a>
      <ul>
        {threads.map(({ threadId, title, running, needsApproval, unread }) => (
          <li key={threadId}>
            <a href={`#${threadId}`} aria-current={threadId === current ? "page" : undefined}>
              {title ?? "New chat"}
              {needsApproval ? " · needs you" : running ? " · answering" : unread ? " · new" : ""}
            </a>
          </li>
        ))}
      </ul>
      {hasMore && <button onClick={() => void list.loadMore()}>Older chats</button>}
    </nav>
  );
}
