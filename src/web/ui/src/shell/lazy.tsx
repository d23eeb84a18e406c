import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { shellText } from "../text/shell.js";
import { notify } from "./notice.js";

/** A component whose code is loaded when it is first shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P & JSX.IntrinsicAttributes) => JSX.Element | null {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props) {
    const [Loaded, setLoaded] = useState<ComponentType<P> | undefined>(() => loaded);
    useEffect(() => {
      if (loaded) {
        return;
      }
      load().then(
        (component) => {
          loaded = component;
          setLoaded(() => component);
        },
        // The server has another version of the page by now, or the network is away.
        () => { notify({ words: shellText.updateTitle, failed: true, action: { label: shellText.reload, run: () => { location.reload(); } } }); },
      );
    }, []);
    return Loaded ? <Loaded {...props} /> : null;
  };
}
