import type { Chat, ThreadRow as Row } from "@chatbackend/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { useObservable } from "../../kit/useObservable.js";
import { useStable } from "../../kit/useStable.js";
import { shellText } from "../../text/shell.js";
import { notify, reasonOf } from "../notice.js";
import type { Group } from "./groups.js";
import { groupByDate, keepArrangement } from "./groups.js";
import type { ThreadFacts } from "./threadMenu.js";
import { ThreadRow } from "./threadRow.js";

export interface ThreadListProps {
  readonly chat: Chat;
  readonly currentId: string | undefined;
  readonly archived: boolean;
  readonly onDelete: (facts: ThreadFacts) => void;
}

export function ThreadList({ chat, currentId, archived, onDelete }: ThreadListProps) {
  const { state, threads, archived: archive, hasMore, hasMoreArchived } = useObservable(chat.threads);
  const rows = archived ? archive : threads;
  const [renaming, setRenaming] = useState<{ readonly threadId: string; readonly groups: readonly Group[] } | null>(null);
  const [reached, setReached] = useState<string>();
  const list = useRef<HTMLDivElement>(null);
  const now = new Date();
  const groups = renaming ? keepArrangement(renaming.groups, rows, now) : groupByDate(rows, now);
  const reachable = [reached, currentId].find((id) => rows.some((row) => row.threadId === id)) ?? rows[0]?.threadId;

  const beginRename = (threadId: string) => { setRenaming({ threadId, groups }); };
  const endRename = (threadId: string) => {
    setRenaming(null);
    setReached(threadId);
    // The row has its link again after the next rendering.
    requestAnimationFrame(() => { linkOf(list.current, threadId)?.focus(); });
  };
  const keys = (event: KeyboardEvent) => {
    const links = [...list.current?.querySelectorAll<HTMLElement>(".row-link") ?? []];
    const at = links.findIndex((link) => link.parentElement?.contains(document.activeElement));
    const row = rows.find(({ threadId }) => threadId === links[at]?.dataset["thread"]);
    const target = at < 0 ? undefined : moved(event.key, links, at);
    if (target) {
      target.focus();
    } else if (row && event.key === "F2") {
      beginRename(row.threadId);
    } else if (row && event.key === "Delete") {
      onDelete(factsOf(row));
    } else {
      return;
    }
    event.preventDefault();
  };

  if (state === "loading" && rows.length === 0) {
    return <Skeleton />;
  }
  return (
    <div ref={list} class="list" tabIndex={-1} data-focus-home='.row-link[tabindex="0"]' onKeyDown={keys}>
      {rows.length === 0 && <p class="list-empty">{archived ? shellText.noArchived : shellText.noChats}</p>}
      {groups.map((group) => (
        <section key={group.label} aria-label={group.label}>
          <h2>{group.label}</h2>
          <ul role="list">
            {group.rows.map((row) => (
              <ThreadRow
                key={row.threadId}
                chat={chat}
                row={row}
                isCurrent={row.threadId === currentId}
                isReachable={row.threadId === reachable}
                isRenaming={row.threadId === renaming?.threadId}
                onRename={(begin) => { (begin ? beginRename : endRename)(row.threadId); }}
                onDelete={() => { onDelete(factsOf(row)); }}
                onReached={() => { setReached(row.threadId); }}
              />
            ))}
          </ul>
        </section>
      ))}
      {(archived ? hasMoreArchived : hasMore) && <LoadMore key={rows.length} chat={chat} archived={archived} />}
    </div>
  );
}

/** Loads the next page when it comes near the part that is seen. */
function LoadMore({ chat, archived }: { chat: Chat; archived: boolean }) {
  const end = useRef<HTMLParagraphElement>(null);
  const [failed, setFailed] = useState(false);
  const load = useStable(() => {
    setFailed(false);
    chat.threads.loadMore(archived).catch((error: unknown) => {
      setFailed(true);
      notify({ words: shellText.loadFailed(reasonOf(error)), failed: true });
    });
  });
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        load();
      }
    }, { rootMargin: "400px" });
    if (end.current) {
      observer.observe(end.current);
    }
    return () => { observer.disconnect(); };
  }, [load]);
  return (
    <p ref={end} class="list-empty">
      {failed ? <button type="button" class="button small" onClick={load}>{shellText.more}</button> : shellText.loadingMore}
    </p>
  );
}

function Skeleton() {
  return (
    <div class="list" role="img" aria-label={shellText.loadingChats}>
      {[72, 54, 81, 63, 47, 76].map((width) => <div key={width} class="list-skeleton" ref={(line) => { line?.style.setProperty("inline-size", `${width}%`); }} />)}
    </div>
  );
}

function factsOf(row: Row): ThreadFacts {
  return { threadId: row.threadId, title: row.title ?? shellText.untitled, archived: row.archived };
}

function linkOf(list: HTMLElement | null, threadId: string): HTMLElement | undefined {
  return [...list?.querySelectorAll<HTMLElement>(".row-link") ?? []].find((link) => link.dataset["thread"] === threadId);
}

function moved(key: string, links: readonly HTMLElement[], at: number): HTMLElement | undefined {
  switch (key) {
    case "ArrowDown": return links[Math.min(at + 1, links.length - 1)];
    case "ArrowUp": return links[Math.max(at - 1, 0)];
    case "Home": return links[0];
    case "End": return links.at(-1);
    default: return undefined;
  }
}
