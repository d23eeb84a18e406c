// The HTTP side: the user's threads. Who asks is known by the cookie.

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(new Error(problem.detail ?? problem.title ?? 'The server did not do that.'), { status: response.status });
  }
  return response.status === 204 ? null : response.json();
}

const pathOf = threadId => `/api/threads/${encodeURIComponent(threadId)}`;

// A page of threads, newest first: { threads, next_cursor? }.
export function listThreads({ query, archived, cursor }) {
  const parameters = new URLSearchParams();
  if (query) {
    parameters.set('query', query);
  }
  if (archived) {
    parameters.set('archived', 'true');
  }
  if (cursor) {
    parameters.set('cursor', cursor);
  }
  return call('GET', `/api/threads?${parameters}`);
}

export const renameThread = (threadId, title) => call('PATCH', pathOf(threadId), { title });
export const archiveThread = (threadId, archived) => call('PATCH', pathOf(threadId), { archived });
export const deleteThread = threadId => call('DELETE', pathOf(threadId));
