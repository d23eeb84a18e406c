import { Button } from "../../kit/button.js";
import { Dialog } from "../../kit/dialog.js";
import { guestText } from "../../text/account.js";

export function GuestDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={guestText.title} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>{guestText.ok}</Button>}>
      <p>{guestText.words}</p>
      <p>{guestText.loses}</p>
    </Dialog>
  );
}
