import { useEffect, useState } from "preact/hooks";

/** Whether the media query matches now. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const update = () => { setMatches(media.matches); };
    update();
    media.addEventListener("change", update);
    return () => { media.removeEventListener("change", update); };
  }, [query]);
  return matches;
}
