// The service worker: keeps the page's files, and shows notifications. Answers of the server are none of its business.
declare const self: ServiceWorkerGlobalScope;
/** Of this build, by build.mjs: every hashed file, and a word that changes with any of them. */
declare const ASSETS: readonly string[];
declare const VERSION: string;

const CACHE = `page ${VERSION} ${self.registration.scope}`;
const PAGE = "./";
const BESIDE = ["manifest.webmanifest", "icons/icon.svg"];
/** A network that does not answer in this time is as good as none. */
const PATIENCE_MS = 3_000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...BESIDE, ...ASSETS])));
});

// A page of an earlier build may still load its files from its own cache, so this waits until the last one is closed.
self.addEventListener("activate", (event) => {
  event.waitUntil(dropEarlier().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || !url.href.startsWith(self.registration.scope)) {
    return;
  }
  const path = url.href.slice(self.registration.scope.length).replace(/[?#].*$/, "");
  if (request.mode === "navigate" && (path === "" || path === "index.html")) {
    event.respondWith(page(request));
  } else if (path.startsWith("assets/")) {
    event.respondWith(kept(request));
  } else if (BESIDE.includes(path)) {
    event.respondWith(kept(request));
  }
});

// Asked for each time, by its etag: page and server are of one version.
async function page(request: Request): Promise<Response> {
  const answer = fetch(request);
  const late = new Promise<undefined>((resolve) => { setTimeout(resolve, PATIENCE_MS); });
  const copy = await (await caches.open(CACHE)).match(PAGE);
  if (!copy) {
    return answer;
  }
  const first = await Promise.race([answer, late]).catch(() => undefined);
  return first && first.status < 500 ? first : copy;
}

async function kept(request: Request): Promise<Response> {
  return await caches.match(request) ?? fetch(request);
}

async function dropEarlier(): Promise<void> {
  const mine = (await caches.keys()).filter((name) => name.startsWith("page ") && name.endsWith(` ${self.registration.scope}`));
  await Promise.all(mine.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

interface Notice {
  readonly type: string;
  readonly title: string;
  readonly body: string;
  readonly threadId: string;
}

self.addEventListener("message", (event) => {
  const notice = event.data as Notice;
  if (notice.type === "notify") {
    event.waitUntil(show(notice));
  }
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openThread((event.notification.data as Notice).threadId));
});

// Nobody needs to be told what they see.
async function show({ title, body, threadId, ...rest }: Notice): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window" });
  if (!windows.some((client) => client.visibilityState === "visible")) {
    await self.registration.showNotification(title, { body, tag: threadId, icon: "icons/icon-192.png", data: { ...rest, threadId } });
  }
}

async function openThread(threadId: string): Promise<void> {
  const [window] = await self.clients.matchAll({ type: "window" });
  if (window) {
    await window.focus();
    window.postMessage({ type: "open", threadId });
  } else {
    await self.clients.openWindow(`./#/t/${encodeURIComponent(threadId)}`);
  }
}

export {};
