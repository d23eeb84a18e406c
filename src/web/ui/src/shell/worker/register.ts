import type { Chat } from "@chatbackend/client";

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

/** Has the service worker keep the page itself, so that it opens without a network; once there is a connection, since it must not compete with the page for the first one. */
export function registerWorker({ connection }: Chat): void {
  if (!("serviceWorker" in navigator)) {
    return; // Plain http in a foreign network: the page works, only not offline.
  }
  const unsubscribe = connection.subscribe(() => {
    if (connection.getSnapshot().state === "open") {
      unsubscribe();
      register();
    }
  });
}

function register(): void {
  const { trustedTypes } = window as { trustedTypes?: Policies };
  // The only address of a script that the page ever makes.
  const policy = trustedTypes?.createPolicy("chat", { createScriptURL: (url) => url });
  navigator.serviceWorker.register(policy?.createScriptURL("sw.js") ?? "sw.js").catch((error: unknown) => {
    console.warn("The page cannot be kept for offline use:", error);
  });
}
