import type { AgentInfo } from "@chatbackend/client";
import { Button } from "../../kit/button.js";
import { ChevronDownIcon, SparkIcon } from "../../kit/icons.js";
import { Menu } from "../../kit/menu.js";
import { conversation as words } from "../../text/conversation.js";

export interface AgentMenuProps {
  readonly agents: readonly AgentInfo[];
  readonly chosen: string | undefined;
  readonly onChoose: (agent: string) => void;
}

/** Who answers the next message; nothing where there is no choice. */
export function AgentMenu({ agents, chosen, onChoose }: AgentMenuProps) {
  return agents.length < 2
    ? null
    : (
      <Menu
        label={words.agentMenu}
        prefer="above"
        items={agents.map(({ agent, description }) => ({
          label: agent,
          checked: agent === chosen,
          onSelect: () => { onChoose(agent); },
          ...(description === undefined ? {} : { description }),
        }))}
      >
        {(trigger) => (
          <Button kind="quiet" class="agent" icon={SparkIcon} aria-label={words.agent(chosen ?? "")} {...trigger}>
            <span class="agent-chosen">{chosen}</span>
            <ChevronDownIcon />
          </Button>
        )}
      </Menu>
    );
}
