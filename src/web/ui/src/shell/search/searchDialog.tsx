import type { Chat, SearchHit, ThreadRow } from "@chatbackend/client";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { Dialog } from "../../kit/dialog.js";
import { SearchIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { useObservable } from "../../kit/useObservable.js";
import { formatDate } from "../../text/format.js";
import { searchText } from "../../text/search.js";
import { shellText } from "../../text/shell.js";
import type { Route } from "../route.js";
import { hashOf, navigate } from "../route.js";
import { highlighted } from "./highlighted.js";
import { useSearch } from "./useSearch.js";

const RECENT = 8;
const MAX_QUERY = 200;

interface Option {
  readonly route: Route;
  readonly title: string;
  readonly hit?: SearchHit;
  readonly at: string;
}

/** A field, and what it finds below: the focus stays in the field, the arrow keys choose, Enter opens. */
export function SearchDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [written, setWritten] = useState("");
  const [chosen, setChosen] = useState(0);
  const { search, more } = useSearch(chat, written);
  const { threads } = useObservable(chat.threads);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const isEmpty = written.trim() === "";
  const options = isEmpty ? threads.slice(0, RECENT).map(recent) : search.hits.map(found);
  const at = Math.min(chosen, options.length - 1);
  const isDone = !isEmpty && !search.busy && search.failed === undefined;
  const count = searchText.count(search.hits.length, search.nextCursor !== undefined);

  useLayoutEffect(() => { field.current?.focus(); }, []);
  useEffect(() => {
    if (isDone) {
      announce(count);
    }
  }, [isDone, count, search.query]);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const open = (route: Route) => {
    onClose();
    navigate(route);
  };
  const keys = (event: KeyboardEvent) => {
    const target = event.isComposing ? undefined : moved(event, at, options.length);
    if (target !== undefined) {
      event.preventDefault();
      setChosen(target);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const option = options[at];
      if (option && (isEmpty || search.query === written.trim())) {
        open(option.route);
      }
    }
  };

  return (
    <Dialog title={searchText.title} onClose={onClose} wide>
      <div class="search-field">
        <SearchIcon />
        <input
          ref={field}
          class="field"
          type="text"
          inputMode="search"
          role="combobox"
          aria-label={searchText.label}
          aria-expanded={options.length > 0}
          aria-controls={`${id}list`}
          aria-autocomplete="list"
          {...(options.length > 0 ? { "aria-activedescendant": `${id}${at}` } : {})}
          placeholder={searchText.placeholder}
          maxLength={MAX_QUERY}
          autocomplete="off"
          enterkeyhint="go"
          dir="auto"
          value={written}
          onInput={(event) => { setWritten(event.currentTarget.value); setChosen(0); }}
          onKeyDown={keys}
        />
      </div>
      <p class="search-state">{isEmpty ? options.length > 0 && searchText.recent : search.failed ? searchText.failed(search.failed) : search.busy ? searchText.searching : count}</p>
      <div id={`${id}list`} ref={list} class="search-hits" role="listbox" aria-label={isEmpty ? searchText.recent : searchText.hits}>
        {options.map((option, index) => (
          <a
            key={hashOf(option.route)}
            id={`${id}${index}`}
            class="search-hit"
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            href={hashOf(option.route)}
            onClick={(event) => { event.preventDefault(); open(option.route); }}
            onPointerMove={() => { setChosen(index); }}
          >
            <span class="search-hit-title" dir="auto">{option.title}</span>
            <time dateTime={option.at}>{formatDate(option.at)}</time>
            {option.hit && <span class="search-excerpt" dir="auto">{highlighted(option.hit.excerpt, option.hit.highlights)}</span>}
          </a>
        ))}
      </div>
      {isDone && search.hits.length === 0 && <p class="search-none">{searchText.none(search.query)}<small>{searchText.noneHint}</small></p>}
      {!isEmpty && search.nextCursor !== undefined && <Button small disabled={search.busy} onClick={more}>{searchText.more}</Button>}
    </Dialog>
  );
}

function recent({ threadId, title, updatedAt }: ThreadRow): Option {
  return { route: { threadId }, title: title ?? shellText.untitled, at: updatedAt };
}

function found(hit: SearchHit): Option {
  return { route: { threadId: hit.threadId, seq: hit.seq }, title: hit.title ?? shellText.untitled, hit, at: hit.at };
}

function moved({ key, ctrlKey }: KeyboardEvent, at: number, count: number): number | undefined {
  if (count === 0) {
    return undefined;
  }
  switch (key) {
    case "ArrowDown": return (at + 1) % count;
    case "ArrowUp": return (at - 1 + count) % count;
    case "Home": return ctrlKey ? 0 : undefined;
    case "End": return ctrlKey ? count - 1 : undefined;
    default: return undefined;
  }
}
