import type { Chat } from "@chatbackend/client";
import { useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { Dialog } from "../../kit/dialog.js";
import { deleteText } from "../../text/delete.js";
import { notify, reasonOf } from "../notice.js";
import type { ThreadFacts } from "./threadMenu.js";

export function DeleteDialog({ chat, facts, onDeleted, onClose }: { chat: Chat; facts: ThreadFacts; onDeleted: () => void; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const remove = () => {
    setBusy(true);
    chat.thread(facts.threadId).delete().then(
      () => {
        onDeleted();
        notify({ words: deleteText.done(facts.title) });
      },
      (error: unknown) => { notify({ words: deleteText.failed(reasonOf(error)), failed: true }); },
    ).finally(onClose);
  };
  return (
    <Dialog
      title={deleteText.title}
      role="alertdialog"
      onClose={onClose}
      footer={(
        <>
          <Button autofocus onClick={onClose}>{deleteText.keep}</Button>
          <Button kind="danger" disabled={busy} onClick={remove}>{deleteText.delete}</Button>
        </>
      )}
    >
      <p>{deleteText.words(facts.title)}</p>
    </Dialog>
  );
}
