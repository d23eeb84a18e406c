import type { SendOptions } from "@chatbackend/client";
import { Button, IconButton } from "../../kit/button.js";
import { ChevronDownIcon, SendIcon, StopIcon } from "../../kit/icons.js";
import { Menu } from "../../kit/menu.js";
import { conversation as words } from "../../text/conversation.js";
import type { SendKey } from "./keys.js";

export interface SendButtonsProps {
  readonly busy: boolean;
  readonly stopping: boolean;
  readonly hasText: boolean;
  /** Why it cannot be sent now. */
  readonly obstacle: string | undefined;
  readonly sendKey: SendKey;
  readonly onStop: () => void;
  readonly onSend: (whenRunning: SendOptions["whenRunning"]) => void;
}

/** One button: it sends, or stops the answer. With a text while an answer is written it queues, and a menu beside it has the other ways. */
export function SendButtons({ busy, stopping, hasText, obstacle, sendKey, onStop, onSend }: SendButtonsProps) {
  const queues = busy && hasText;
  const stops = busy && !hasText;
  const how = (label: string, description: string, whenRunning: SendOptions["whenRunning"]) =>
    ({ label, description, disabled: obstacle !== undefined, onSelect: () => { onSend(whenRunning); } });
  return (
    <div class="send">
      {queues && <IconButton icon={StopIcon} label={stopping ? words.stopping : words.stop} keys="Esc" disabled={stopping} onClick={onStop} />}
      <Button
        key="main"
        type={stops ? "button" : "submit"}
        kind="primary"
        class={`send-main ${queues ? "splits" : ""}`}
        disabled={stops ? stopping : obstacle !== undefined}
        aria-label={stops ? (stopping ? words.stopping : words.stop) : queues ? words.queue : words.send}
        data-tip={stops ? words.stop : obstacle ?? (queues ? words.queueExplained : words.send)}
        data-keys={stops ? "Esc" : obstacle === undefined ? words.keys[sendKey] : ""}
        icon={stops ? StopIcon : SendIcon}
        {...(stops ? { onClick: onStop } : {})}
      >
        {queues ? <span>{words.queue}</span> : null}
      </Button>
      {queues && (
        <Menu
          label={words.queueMore}
          align="end"
          prefer="above"
          items={[
            how(words.queue, words.queueExplained, "queue"),
            how(words.steer, words.steerExplained, "steer"),
            how(words.interrupt, words.interruptExplained, "interrupt"),
          ]}
        >
          {(trigger) => <IconButton kind="primary" class="send-more" icon={ChevronDownIcon} label={words.queueMore} {...trigger} />}
        </Menu>
      )}
    </div>
  );
}
