import type { AgentInfo } from "@chatbackend/client";
import type { ComponentChildren } from "preact";
import { Button } from "../kit/button.js";
import { type Icon, NewChatIcon, OfflineIcon, SearchIcon, SparkIcon, TrashIcon } from "../kit/icons.js";
import { conversation as words } from "../text/conversation.js";
import { appName } from "../text/shell.js";

/** Before the first message: who answers, and what could be asked. */
export function Hero({ agent }: { readonly agent: AgentInfo | undefined }) {
  return (
    <header class="hero">
      <p class="hero-product"><SparkIcon />{appName}</p>
      <h2>{words.emptyTitle}</h2>
      {agent !== undefined && (
        <p class="hero-agent">
          {words.chattingWith(agent.agent)}
          {agent.description !== undefined && <span dir="auto">{agent.description}</span>}
        </p>
      )}
    </header>
  );
}

export function Suggestions({ agent, onSelect }: { readonly agent: AgentInfo | undefined; readonly onSelect: (suggestion: string) => void }) {
  const { suggestions = [] } = agent ?? {};
  return suggestions.length === 0
    ? null
    : (
      <ul class="suggestions" role="list" aria-label={words.suggestions}>
        {suggestions.slice(0, 4).map((suggestion) => (
          <li key={suggestion}><button type="button" dir="auto" onClick={() => { onSelect(suggestion); }}>{suggestion}</button></li>
        ))}
      </ul>
    );
}

/** The shape of a conversation, while it is not there yet. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <p class="unseen">{words.loading}</p>
      {[1, 2].map((turn) => (
        <div key={turn} aria-hidden="true">
          <span class="own" />
          <span />
          <span />
          <span class="short" />
        </div>
      ))}
    </div>
  );
}

export function Offline() {
  return <Panel icon={OfflineIcon} title={words.offlineTitle}>{words.offlineEmpty}</Panel>;
}

export interface GoneProps {
  readonly state: "not_found" | "deleted";
  readonly onNewChat: () => void;
}

export function Gone({ state, onNewChat }: GoneProps) {
  const deleted = state === "deleted";
  return (
    <Panel
      icon={deleted ? TrashIcon : SearchIcon}
      title={deleted ? words.deletedTitle : words.notFoundTitle}
      action={<Button kind="primary" icon={NewChatIcon} onClick={onNewChat}>{words.newChat}</Button>}
    >
      {deleted ? words.deleted : words.notFound}
    </Panel>
  );
}

interface PanelProps {
  readonly icon: Icon;
  readonly title: string;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Panel({ icon: IconOf, title, action, children }: PanelProps) {
  return (
    <section class="panel" tabIndex={-1} data-focus-home="">
      <IconOf />
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </section>
  );
}
