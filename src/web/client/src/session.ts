import type { Client } from "./client.js";
import { PROBE } from "./connection.js";
import type { ChatError } from "./error.js";
import { here } from "./here.js";
import type { ChatOptions, Token } from "./options.js";
import type { StoredValue } from "./storage.js";

/** Told to other tabs: somebody new has begun. */
export const SESSION = "session";

/** Whose session it was, so that one that is lost is never silently somebody new; the token only where there is no cookie. */
interface Kept extends StoredValue {
  n: 0;
  user: string;
  token?: string | undefined;
  expiresAt?: string | undefined;
}

export class Session {
  _client: Client;
  _source: ChatOptions["session"];
  _token: string | undefined;
  _user: string | undefined;
  _expiresAt: number | undefined;
  /** Pages of the server have the cookie, which scripts cannot read. */
  _hasCookie: boolean;

  constructor(client: Client, source: ChatOptions["session"]) {
    this._client = client;
    this._source = source ?? "guest";
    this._hasCookie = here.location?.origin === client._base.origin;
  }

  /** False when there is none and a person has to say how to go on. */
  async _have(): Promise<boolean> {
    if (this._source === "guest") {
      // One tab at a time, so that two that open together are one guest.
      return this._client._storage.lock("session", async () => {
        const kept = await this._kept();
        if (kept) {
          this._user = kept.user;
          this._token = kept.token;
          return !kept.expiresAt || Date.parse(kept.expiresAt) > this._client._env.now();
        }
        // A cookie may have outlived what is kept here.
        const isNew = !this._hasCookie || (await this._client._rest("GET", PROBE).then(() => false, (failure: unknown) => (failure as ChatError).code === "unauthenticated"));
        if (isNew) {
          await this._newGuest();
        }
        return true;
      });
    }
    this._user ??= (await this._kept())?.user;
    return this._source === "cookie" || !!this._token || this._renew();
  }

  async _kept() {
    return (await this._client._storage.all()).find(({ n }) => n === 0) as Kept | undefined;
  }

  async _newGuest() {
    const { user_id, token, expires_at } = (await this._client._rest("POST", "api/guests")) as { user_id: string; token: string; expires_at: string };
    this._user = user_id;
    this._token = this._hasCookie ? undefined : token;
    await this._client._storage.write([{ n: 0, user: user_id, token: this._token, expiresAt: expires_at } as Kept]);
  }

  /** The server does not take what we have. False when there is nothing else. */
  async _renew(): Promise<boolean> {
    if (typeof this._source === "function") {
      const { token, expiresAt } = (await this._source()) ?? ({} as Partial<Token>);
      this._token = token;
      this._expiresAt = expiresAt ? +new Date(expiresAt) : undefined;
      return !!token;
    }
    const kept = await this._kept();
    return !!kept && kept.user !== this._user;
  }

  /** Somebody new, since the person wants that. */
  async _begin() {
    this._token = undefined;
    if (this._source === "guest") {
      await this._newGuest();
    }
    this._client._storage.post(SESSION);
  }

  async _established(user: string) {
    this._user = user;
    const kept = await this._kept();
    if (kept?.user !== user) {
      await this._client._storage.write([{ n: 0, user } as Kept]);
    }
  }

  _protocols() {
    return this._token ? ["chat.v1", `bearer.${this._token}`] : ["chat.v1"];
  }
}

