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

const pathOf = threadId => `api/threads/${encodeURIComponent(threadId)}`;

// A page of threads, newest activity first; with a query what was found, newest first, each thread once.
export async function listThreads({ query, archived, cursor }) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ query, archived: archived && 'true', cursor })) {
    if (value) {
      parameters.set(name, value);
    }
  }
  const page = await call('GET', `api/threads?${parameters}`);
  return { threads: page.threads ?? page.hits.filter(({ thread_id }, at) => page.hits.findIndex(hit => hit.thread_id === thread_id) === at), next: page.next_cursor };
}

export const renameThread = (threadId, title) => call('PATCH', pathOf(threadId), { title });
export const archiveThread = (threadId, archived) => call('PATCH', pathOf(threadId), { archived });
export const wholeResult = (threadId, callId) => call('GET', `${pathOf(threadId)}/tool_results/${encodeURIComponent(callId)}`);
export const deleteThread = threadId => call('DELETE', pathOf(threadId));
