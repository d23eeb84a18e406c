// Whose page this is. The token is in a cookie that scripts cannot read; kept here is only whose it is and until when.

// The server may lie below a path, beside others of the same origin; each has its own session.
const PLACE = new URL('.', document.baseURI).pathname;
const KEY = PLACE === '/' ? 'chat.session' : `chat.session ${PLACE}`;

export function knownSession() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && Date.parse(kept.expires_at) > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

// Calls back when another tab has signed in as another user: the cookie, and with it every request, is that user's from now on.
export function onOtherUser(me, changed) {
  window.addEventListener('storage', ({ key }) => {
    const user = key === KEY ? knownSession()?.user_id : undefined;
    if (user && me() !== null && user !== me()) {
      changed();
    }
  });
}

export async function haveSession(refusedUser) {
  const have = async () => {
    const kept = knownSession();
    if (kept && kept.user_id !== refusedUser) {
      return kept;
    }
    const response = await fetch('api/guests', { method: 'POST' });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw Object.assign(new Error(problem.detail ?? 'Signing in failed.'), { final: response.status === 403 });
    }
    const { user_id, expires_at } = await response.json();
    localStorage.setItem(KEY, JSON.stringify({ user_id, expires_at }));
    return { user_id, expires_at };
  };
  // One tab at a time, so that two that open together become one guest.
  return navigator.locks ? navigator.locks.request(KEY, have) : have();
}
