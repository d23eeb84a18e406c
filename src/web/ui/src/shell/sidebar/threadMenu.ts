import type { Chat, Thread } from "@chatbackend/client";
import { ArchiveIcon, CodeIcon, DownloadIcon, EditIcon, TrashIcon } from "../../kit/icons.js";
import type { MenuItem } from "../../kit/menu.js";
import { shellText } from "../../text/shell.js";
import { notify, reasonOf } from "../notice.js";

/** What can be said of a thread in the menu, in the list and above the conversation. */
export interface ThreadFacts {
  readonly threadId: string;
  readonly title: string;
  readonly archived: boolean;
}

export function threadMenu(chat: Chat, facts: ThreadFacts, ask: { rename: () => void; remove: () => void }): readonly MenuItem[] {
  const thread = chat.thread(facts.threadId);
  return [
    { label: shellText.rename, icon: EditIcon, onSelect: ask.rename },
    { label: facts.archived ? shellText.unarchive : shellText.archive, icon: ArchiveIcon, onSelect: () => { archive(thread, facts, !facts.archived); } },
    { label: shellText.exportMarkdown, icon: DownloadIcon, href: thread.exportUrl("markdown"), download: true, separated: true },
    { label: shellText.exportJson, icon: CodeIcon, href: thread.exportUrl("json"), download: true },
    { label: shellText.delete, icon: TrashIcon, danger: true, separated: true, onSelect: ask.remove },
  ];
}

export function rename(thread: Thread, title: string): void {
  thread.rename(title).catch((error: unknown) => { notify({ words: shellText.renameFailed(reasonOf(error)), failed: true }); });
}

function archive(thread: Thread, facts: ThreadFacts, archived: boolean): void {
  thread.archive(archived).then(
    () => {
      notify({
        words: archived ? shellText.archivedNotice(facts.title) : shellText.unarchivedNotice(facts.title),
        action: { label: shellText.undo, run: () => { archive(thread, facts, !archived); } },
      });
    },
    (error: unknown) => { notify({ words: shellText.archiveFailed(reasonOf(error)), failed: true }); },
  );
}
