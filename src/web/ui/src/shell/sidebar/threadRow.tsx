import type { Chat, ThreadRow as Row } from "@chatbackend/client";
import { IconButton } from "../../kit/button.js";
import { MoreIcon, ShieldIcon } from "../../kit/icons.js";
import { Menu } from "../../kit/menu.js";
import { shellText } from "../../text/shell.js";
import { hashOf } from "../route.js";
import { RenameForm } from "./renameForm.js";
import { rename, threadMenu } from "./threadMenu.js";

export interface ThreadRowProps {
  readonly chat: Chat;
  readonly row: Row;
  readonly isCurrent: boolean;
  /** The one that Tab leads to. */
  readonly isReachable: boolean;
  readonly isRenaming: boolean;
  readonly onRename: (begin: boolean) => void;
  readonly onDelete: () => void;
  readonly onReached: () => void;
}

export function ThreadRow({ chat, row, isCurrent, isReachable, isRenaming, onRename, onDelete, onReached }: ThreadRowProps) {
  const title = row.title ?? shellText.untitled;
  if (isRenaming) {
    return (
      <li class="row renaming">
        <RenameForm title={title} onCancel={() => { onRename(false); }} onSave={(written) => { rename(chat.thread(row.threadId), written); onRename(false); }} />
      </li>
    );
  }
  const tabIndex = isReachable ? 0 : -1;
  const facts = { threadId: row.threadId, title, archived: row.archived };
  return (
    <li class={row.unread ? "row unread" : "row"} onFocusIn={onReached}>
      <a class="row-link" href={hashOf({ threadId: row.threadId })} data-thread={row.threadId} tabIndex={tabIndex} {...(isCurrent ? { "aria-current": "page" as const } : {})}>
        <span class="row-title" dir="auto">{title}</span>
        <Marks row={row} isCurrent={isCurrent} />
      </a>
      <Menu label={shellText.moreOf(title)} align="end" items={threadMenu(chat, facts, { rename: () => { onRename(true); }, remove: onDelete })}>
        {(trigger) => <IconButton small class="row-more" icon={MoreIcon} label={shellText.moreOf(title)} tabIndex={tabIndex} {...trigger} />}
      </Menu>
    </li>
  );
}

function Marks({ row, isCurrent }: { row: Row; isCurrent: boolean }) {
  if (row.needsApproval) {
    return <ShieldIcon class="mark-approval" label={shellText.needsApproval} />;
  }
  if (row.running) {
    return <span class="mark-running" role="img" aria-label={shellText.running} />;
  }
  return row.unread && !isCurrent ? <span class="mark-unread" role="img" aria-label={shellText.unread} /> : null;
}
