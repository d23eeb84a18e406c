// The list of the user's conversations, beside the one that is open.

import { archiveThread, deleteThread, listThreads, renameThread } from './api.js';
import { button, byId, make } from './dom.js';

const SEARCH_PAUSE_MS = 250;
const REFRESH_PAUSE_MS = 500;

export class Threads {
  #items = new Map();
  #cursor = null;
  #asked = 0;
  #timer = null;
  #current = null;

  // `deleted` is called with the id of a thread that was deleted here, `failed` with words.
  constructor({ deleted, failed }) {
    this.deleted = deleted;
    this.failed = failed;
    this.list = byId('thread-list');
    this.search = byId('search');
    this.archived = byId('archived');
    this.search.addEventListener('input', () => this.refresh(SEARCH_PAUSE_MS));
    this.archived.addEventListener('change', () => this.refresh(0));
    byId('more').addEventListener('click', () => this.#load(this.#cursor));
    document.addEventListener('click', ({ target }) => this.#closeMenus(target.closest('.menu')));
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.#closeMenus(null));
  }

  // Reads the first page again, once for all that ask for it within a moment.
  refresh(pause = REFRESH_PAUSE_MS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(null), pause);
  }

  show(threadId) {
    this.#current = threadId;
    this.#items.forEach((item, id) => mark(item, id === threadId));
  }

  // A title that came with the thread's own events.
  rename(threadId, title) {
    const item = this.#items.get(threadId);
    if (item) {
      item.querySelector('a').textContent = title;
    }
  }

  remove(threadId) {
    this.#items.get(threadId)?.remove();
    this.#items.delete(threadId);
  }

  async #load(cursor) {
    const asked = ++this.#asked;
    try {
      const page = await listThreads({ query: this.search.value.trim(), archived: this.archived.checked, cursor });
      if (asked !== this.#asked) {
        return; // a later question was asked meanwhile
      }
      if (!cursor) {
        this.#items.clear();
        this.list.replaceChildren();
      }
      for (const thread of page.threads) {
        // It moved up meanwhile, or is found once more further down.
        if (this.#items.has(thread.thread_id)) {
          continue;
        }
        const item = this.#item(thread);
        this.#items.set(thread.thread_id, item);
        this.list.append(item);
      }
      this.#cursor = page.next ?? null;
      byId('more').hidden = !this.#cursor;
      byId('no-threads').hidden = this.#items.size > 0;
      byId('no-threads').textContent = this.search.value.trim() ? 'Nothing found.' : this.archived.checked ? 'Nothing archived.' : 'No conversations yet.';
    } catch (failure) {
      if (failure.status === 409 && cursor) {
        return this.#load(null); // the server was restored from a backup since the page before
      }
      byId('no-threads').hidden = false;
      byId('no-threads').textContent = `The list is not there: ${failure.message}`;
    }
  }

  #item({ thread_id, title, archived, running, excerpt }) {
    const link = make('a', '', title ?? 'New chat');
    link.href = `#${thread_id}`;
    const menu = make('details', 'menu', make('summary', '', '⋯'), make('div', 'choices',
      button('Rename', () => this.#rename(thread_id, item, link)),
      // What was found may be archived or not: the answer does not say.
      ...(archived === undefined ? [] : [button(archived ? 'Bring back' : 'Archive', () => this.#change(item, () => archiveThread(thread_id, !archived)))]),
      button('Delete…', () => this.#delete(thread_id, link.textContent, item), 'bad')));
    menu.querySelector('summary').setAttribute('aria-label', `Actions for ${link.textContent}`);
    const item = make('li', '', link, menu);
    item.dataset.running = running === true;
    if (excerpt) {
      item.append(make('p', 'excerpt', excerpt));
    }
    mark(item, thread_id === this.#current);
    return item;
  }

  #rename(threadId, item, link) {
    const box = make('input');
    box.value = link.textContent;
    box.maxLength = 200;
    box.setAttribute('aria-label', 'New title');
    let over = false;
    const close = () => {
      over = true;
      box.replaceWith(link);
      link.focus();
    };
    box.addEventListener('keydown', async event => {
      if (event.key === 'Escape') {
        close();
      } else if (event.key === 'Enter' && !event.isComposing && box.value.trim() !== '') {
        const title = box.value.trim();
        close();
        await this.#attempt(() => renameThread(threadId, title));
        this.refresh(0);
      }
    });
    box.addEventListener('blur', () => over || close());
    this.#closeMenus(null);
    link.replaceWith(box);
    box.select();
  }

  async #change(item, change) {
    if (await this.#attempt(change)) {
      item.remove();
    }
    this.refresh(0);
  }

  #delete(threadId, title, item) {
    this.#closeMenus(null);
    const dialog = byId('confirm');
    byId('confirm-title').textContent = title;
    dialog.returnValue = '';
    dialog.onclose = async () => {
      if (dialog.returnValue === 'delete') {
        await this.#change(item, async () => {
          await deleteThread(threadId);
          this.deleted(threadId);
        });
      }
    };
    dialog.showModal();
  }

  async #attempt(change) {
    try {
      await change();
      return true;
    } catch (failure) {
      this.failed(failure.message);
      return false;
    }
  }

  #closeMenus(but) {
    for (const menu of this.list.querySelectorAll('.menu[open]')) {
      menu.open = menu === but;
    }
  }
}

function mark(item, isCurrent) {
  const link = item.querySelector('a');
  if (isCurrent) {
    link?.setAttribute('aria-current', 'page');
  } else {
    link?.removeAttribute('aria-current');
  }
}
