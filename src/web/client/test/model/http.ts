import type { Server } from "./server.js";

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** The part of docs/protocol.md 10 that the client asks for. */
export function answerHttp(server: Server, method: string, url: URL, body?: string): Response {
  const { log } = server;
  const [, api, kind, id, part] = url.pathname.split("/");
  if (api !== "api") {
    return json({}, 404);
  }
  if (kind === "guests") {
    return json({ user_id: "usr_1", token: "secret", expires_at: "2027-11-28T09:00:00.000Z" });
  }
  if (kind === "agents") {
    return json({ agents: [] });
  }
  if (!id) {
    const isArchived = url.searchParams.get("archived") === "true";
    const rows = [...log.threads.values()].filter((thread) => !thread.isDeleted && thread.archived === isArchived).map((thread) => thread.row());
    return json({ threads: rows.sort((a, b) => b.updated_at.localeCompare(a.updated_at)) });
  }
  const thread = log.threads.get(id);
  if (!thread || thread.isDeleted) {
    return json({ code: "not_found", detail: "There is no such thread." }, 404);
  }
  if (part === "events") {
    const after = Number(url.searchParams.get("after_seq"));
    const at = url.searchParams.get("after_at");
    const limit = Math.min(7, Number(url.searchParams.get("limit")));
    if (after > thread.events.length || (at && thread.at(after) !== at)) {
      return json({ code: "stale_cursor", detail: "", history_begins_at: thread.begins }, 409);
    }
    return after < thread.begins - 1
      ? json({ code: "expired", detail: "", history_begins_at: thread.begins }, 410)
      : json({ events: thread.events.slice(after, after + limit), log_id: log.id });
  }
  if (method === "PATCH") {
    const { title, archived } = JSON.parse(body ?? "{}") as { title?: string; archived?: boolean };
    thread.archived = archived ?? thread.archived;
    if (title) {
      server.emit(thread, { type: "thread_renamed", title, by: "user" });
    }
    server.list(thread);
  } else if (method === "DELETE") {
    thread.isDeleted = true;
    thread.run = undefined;
    thread.waiting = [];
    server.publish(thread, { type: "thread_deleted", thread_id: thread.id });
    server.list(thread);
    return new Response(null, { status: 204 });
  }
  return json(thread.row());
}
