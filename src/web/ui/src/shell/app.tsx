import type { Chat } from "@chatbackend/client";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Conversation } from "../conversation/conversation.js";
import { LiveRegions } from "../kit/live.js";
import { useObservable } from "../kit/useObservable.js";
import { shellText } from "../text/shell.js";
import { useTitle } from "./badge.js";
import { ConnectionBar } from "./connection/connectionBar.js";
import { useCurrentThread } from "./currentThread.js";
import type { Replay } from "./drawer/replay.js";
import { lazy } from "./lazy.js";
import { MainHeader } from "./mainHeader.js";
import { NoticeHost } from "./notice.js";
import { NotifyOffer } from "./notify/offer.js";
import { watchThreads } from "./notify/watch.js";
import { navigate, useRoute } from "./route.js";
import { settings } from "./settings/store.js";
import { useShortcuts } from "./shortcuts.js";
import { Account } from "./sidebar/account.js";
import { Sidebar } from "./sidebar/sidebar.js";
import type { ThreadFacts } from "./sidebar/threadMenu.js";
import { useMedia } from "./useMedia.js";
import { useOtherUser } from "./useOtherUser.js";

const SearchDialog = lazy(async () => (await import("./onDemand.js")).SearchDialog);
const SettingsDialog = lazy(async () => (await import("./onDemand.js")).SettingsDialog);
const Drawer = lazy(async () => (await import("./onDemand.js")).Drawer);
const DeleteDialog = lazy(async () => (await import("./onDemand.js")).DeleteDialog);
const GuestDialog = lazy(async () => (await import("./onDemand.js")).GuestDialog);
const HelpDialog = lazy(async () => (await import("./onDemand.js")).HelpDialog);

type Open = "search" | "settings" | "help" | "guest";

export function App({ chat }: { chat: Chat }) {
  const { route, visit } = useRoute();
  const thread = useCurrentThread(chat, route);
  const threadId = useObservable(thread, (snapshot) => snapshot.threadId);
  const title = useObservable(thread, (snapshot) => snapshot.title);
  const isNarrow = useMedia("(max-width: 60rem)");
  const [beside, setBeside] = useState(true);
  const [drawer, setDrawer] = useState(false);
  const [dialog, setDialog] = useState<Open | null>(null);
  const [deleting, setDeleting] = useState<ThreadFacts | null>(null);
  const [developing, setDeveloping] = useState(false);
  const [replay, setReplay] = useState<Replay | null>(null);
  const { developer } = useObservable(settings);
  const main = useRef<HTMLElement>(null);
  const shown = isNarrow ? drawer : beside;
  const toggle = (open: boolean) => { (isNarrow ? setDrawer : setBeside)(open); };
  const newChat = () => {
    setDrawer(false);
    navigate({});
  };

  useEffect(() => chat.threads.open(), [chat]);
  useEffect(() => watchThreads(chat), [chat]);
  useEffect(() => () => { void replay?.close(); }, [replay]);
  useOtherUser(chat, () => { navigate({}); });
  useEffect(() => { setDrawer(false); }, [route]);
  const covered = isNarrow && drawer;
  const wasCoveredRef = useRef(false);
  useLayoutEffect(() => {
    // Only now is what the drawer covered not inert any more.
    if (wasCoveredRef.current && !covered && document.activeElement === document.body) {
      main.current?.querySelector<HTMLElement>("[data-opens-sidebar]")?.focus();
    }
    wasCoveredRef.current = covered;
  }, [covered]);
  useTitle(chat, title ?? shellText.untitled);
  useShortcuts((shortcut) => {
    switch (shortcut) {
      case "newChat": newChat(); break;
      case "sidebar": toggle(!shown); break;
      default: setDialog(shortcut);
    }
  });

  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>{shellText.skip}</a>
      <div class={["shell", shown && !isNarrow ? "with-sidebar" : "", developer && developing ? "with-developer" : ""].filter(Boolean).join(" ")}>
        {shown && (
          <Sidebar
            chat={chat}
            currentId={threadId}
            drawer={isNarrow}
            onClose={() => { toggle(false); }}
            onNewChat={newChat}
            onSearch={() => { setDialog("search"); }}
            onDelete={setDeleting}
            footer={<Account chat={chat} onGuest={() => { setDialog("guest"); }} onSettings={() => { setDialog("settings"); }} onHelp={() => { setDialog("help"); }} onDrawer={() => { setDrawer(false); setDeveloping(!developing); }} />}
          />
        )}
        {covered && <div class="scrim" onClick={() => { setDrawer(false); }} />}
        <main id="main" ref={main} tabIndex={-1} aria-label={shellText.conversation} data-focus-home="textarea" inert={covered}>
          <MainHeader chat={chat} thread={thread} sidebarShown={shown && !isNarrow} onOpenSidebar={() => { toggle(true); }} onNewChat={newChat} onDelete={setDeleting} />
          <ConnectionBar chat={chat} />
          <NotifyOffer chat={chat} />
          <Conversation chat={replay?.chat ?? chat} thread={replay?.thread ?? thread} seq={replay ? undefined : route.seq} visit={visit} />
        </main>
        {developer && developing && <Drawer chat={chat} replay={replay} onReplay={setReplay} onClose={() => { setDeveloping(false); setReplay(null); }} />}
      </div>
      {dialog === "search" && <SearchDialog chat={chat} onClose={() => { setDialog(null); }} />}
      {dialog === "settings" && <SettingsDialog onClose={() => { setDialog(null); }} />}
      {dialog === "guest" && <GuestDialog onClose={() => { setDialog(null); }} />}
      {dialog === "help" && <HelpDialog onClose={() => { setDialog(null); }} />}
      {deleting && (
        <DeleteDialog
          chat={chat}
          facts={deleting}
          onDeleted={() => {
            if (deleting.threadId === threadId) {
              navigate({}, { replace: true });
            }
          }}
          onClose={() => { setDeleting(null); }}
        />
      )}
      <NoticeHost />
      <LiveRegions />
    </>
  );
}
