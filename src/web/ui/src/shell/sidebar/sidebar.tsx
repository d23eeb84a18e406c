import type { Chat } from "@chatbackend/client";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../kit/button.js";
import { ArchiveIcon, BackIcon, CloseIcon, NewChatIcon, SearchIcon, SidebarIcon } from "../../kit/icons.js";
import { useStable } from "../../kit/useStable.js";
import { appName, shellText } from "../../text/shell.js";
import { keysOf } from "../shortcuts.js";
import { ThreadList } from "./threadList.js";
import type { ThreadFacts } from "./threadMenu.js";

export interface SidebarProps {
  readonly chat: Chat;
  readonly currentId: string | undefined;
  /** Over the conversation, as on a phone, and not beside it. */
  readonly drawer: boolean;
  readonly onClose: () => void;
  readonly onNewChat: () => void;
  readonly onSearch: () => void;
  readonly onDelete: (facts: ThreadFacts) => void;
  readonly footer: ComponentChildren;
}

export function Sidebar({ chat, currentId, drawer, onClose, onNewChat, onSearch, onDelete, footer }: SidebarProps) {
  const [archived, setArchived] = useState(false);
  const panel = useRef<HTMLDivElement>(null);
  const close = useStable(onClose);

  // A drawer covers the conversation, so the focus goes into it.
  useLayoutEffect(() => {
    if (drawer) {
      panel.current?.focus();
    }
  }, [drawer]);
  useEffect(() => {
    if (!drawer) {
      return;
    }
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog:modal")) {
        close();
      }
    };
    document.addEventListener("keydown", escape);
    return () => { document.removeEventListener("keydown", escape); };
  }, [drawer, close]);

  return (
    <div
      id="sidebar"
      ref={panel}
      class={drawer ? "sidebar drawer" : "sidebar"}
      tabIndex={-1}
      data-focus-home=".new-chat"
      {...(drawer ? { role: "dialog" as const, "aria-modal": "true" as const, "aria-label": shellText.sidebar } : {})}
    >
      <nav aria-label={shellText.sidebar}>
        <header>
          <span class="app-name">{appName}</span>
          <IconButton icon={drawer ? CloseIcon : SidebarIcon} label={shellText.closeSidebar} keys={keysOf.sidebar} onClick={onClose} />
        </header>
        <div class="sidebar-actions">
          <Button kind="quiet" class="new-chat" icon={NewChatIcon} onClick={onNewChat}><span>{shellText.newChat}</span><kbd>{keysOf.newChat}</kbd></Button>
          <Button kind="quiet" icon={SearchIcon} onClick={onSearch}><span>{shellText.search}</span><kbd>{keysOf.search}</kbd></Button>
          <Button kind="quiet" icon={archived ? BackIcon : ArchiveIcon} onClick={() => { setArchived(!archived); }}>
            <span>{archived ? shellText.backToChats : shellText.archived}</span>
          </Button>
        </div>
        <ThreadList key={String(archived)} chat={chat} currentId={currentId} archived={archived} onDelete={onDelete} />
      </nav>
      <footer>{footer}</footer>
    </div>
  );
}
