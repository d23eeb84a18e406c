import type { Chat, Thread } from "@chatbackend/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../kit/button.js";
import { MoreIcon, NewChatIcon, SidebarIcon } from "../kit/icons.js";
import { Menu } from "../kit/menu.js";
import { useObservable } from "../kit/useObservable.js";
import { shellText } from "../text/shell.js";
import { keysOf } from "./shortcuts.js";
import { RenameForm } from "./sidebar/renameForm.js";
import type { ThreadFacts } from "./sidebar/threadMenu.js";
import { rename, threadMenu } from "./sidebar/threadMenu.js";

export interface MainHeaderProps {
  readonly chat: Chat;
  readonly thread: Thread;
  readonly sidebarShown: boolean;
  readonly onOpenSidebar: () => void;
  readonly onNewChat: () => void;
  readonly onDelete: (facts: ThreadFacts) => void;
}

/** The name of the chat and its menu; the way to the list, where that is not in sight. */
export function MainHeader({ chat, thread, sidebarShown, onOpenSidebar, onNewChat, onDelete }: MainHeaderProps) {
  const threadId = useObservable(thread, (snapshot) => snapshot.threadId);
  const title = useObservable(thread, (snapshot) => snapshot.title) ?? shellText.untitled;
  const isGone = useObservable(thread, ({ state }) => state === "not_found" || state === "deleted");
  const archived = useObservable(chat.threads, (list) => list.archived.some((row) => row.threadId === threadId));
  return (
    <header class="main-header no-print" data-focus-home=".thread-more">
      {!sidebarShown && (
        <>
          <IconButton icon={SidebarIcon} label={shellText.openSidebar} keys={keysOf.sidebar} aria-expanded={false} data-opens-sidebar="" onClick={onOpenSidebar} />
          <IconButton icon={NewChatIcon} label={shellText.newChat} keys={keysOf.newChat} onClick={onNewChat} />
        </>
      )}
      {threadId !== undefined && !isGone && <Title key={threadId} chat={chat} facts={{ threadId, title, archived }} onDelete={onDelete} />}
      {threadId === undefined && <h1 class="unseen">{shellText.newChat}</h1>}
    </header>
  );
}

function Title({ chat, facts, onDelete }: { chat: Chat; facts: ThreadFacts; onDelete: (facts: ThreadFacts) => void }) {
  const [renaming, setRenaming] = useState(false);
  const more = useRef<HTMLButtonElement | null>(null);
  const wasRenamingRef = useRef(false);
  useEffect(() => {
    if (wasRenamingRef.current && !renaming) {
      more.current?.focus();
    }
    wasRenamingRef.current = renaming;
  }, [renaming]);
  if (renaming) {
    return (
      <RenameForm
        title={facts.title}
        onCancel={() => { setRenaming(false); }}
        onSave={(title) => { rename(chat.thread(facts.threadId), title); setRenaming(false); }}
      />
    );
  }
  return (
    <>
      <h1 dir="auto">{facts.title}</h1>
      <Menu label={shellText.moreOf(facts.title)} align="end" items={threadMenu(chat, facts, { rename: () => { setRenaming(true); }, remove: () => { onDelete(facts); } })}>
        {(trigger) => <IconButton class="thread-more" icon={MoreIcon} label={shellText.moreOf(facts.title)} {...trigger} />}
      </Menu>
    </>
  );
}
