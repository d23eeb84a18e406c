import type { Chat } from "@chatbackend/client";
import { Button } from "../../kit/button.js";
import { HelpIcon, InfoIcon, PulseIcon, SettingsIcon, UserIcon } from "../../kit/icons.js";
import type { MenuItem } from "../../kit/menu.js";
import { Menu } from "../../kit/menu.js";
import { useObservable } from "../../kit/useObservable.js";
import { accountText } from "../../text/shell.js";
import { settings } from "../settings/store.js";

export interface AccountProps {
  readonly chat: Chat;
  readonly onGuest: () => void;
  readonly onSettings: () => void;
  readonly onHelp: () => void;
  readonly onDrawer: () => void;
}

/** Whose chats these are, and what belongs to the person and not to one chat. */
export function Account({ chat, onGuest, onSettings, onHelp, onDrawer }: AccountProps) {
  const userId = useObservable(chat.connection, (connection) => connection.userId);
  const developer = useObservable(settings, ({ developer: shown }) => shown);
  const isGuest = userId === undefined || isGuestId(userId);
  const items: readonly MenuItem[] = [
    ...isGuest ? [{ label: accountText.about, icon: InfoIcon, onSelect: onGuest }] : [],
    { label: accountText.settings, icon: SettingsIcon, onSelect: onSettings },
    { label: accountText.help, icon: HelpIcon, onSelect: onHelp },
    ...developer ? [{ label: accountText.developer, icon: PulseIcon, onSelect: onDrawer }] : [],
  ];
  return (
    <Menu label={accountText.menu} prefer="above" items={items}>
      {(trigger) => (
        <Button kind="quiet" class="account" {...trigger}>
          <span class="avatar" aria-hidden="true"><UserIcon /></span>
          <span class="account-words">{isGuest ? accountText.guest : accountText.user}<span class="unseen">: {accountText.menu}</span></span>
          <SettingsIcon />
        </Button>
      )}
    </Menu>
  );
}

// The server's own ids are those of guests; other sign-ins name their users themselves.
function isGuestId(userId: string): boolean {
  return userId.startsWith("usr_");
}
