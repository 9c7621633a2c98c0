interface Followed {
  /** Undefined for a picture. */
  video: () => HTMLVideoElement | undefined;
  /** Whether the tab can be seen: a video rests while it cannot. */
  tabShown: () => boolean;
  /** Whether it plays: not while it is paused, or waits for the network. */
  onchange: (plays: boolean) => void;
}

/** Call it while a component is being set up. */
export function followVideo({ video, tabShown, onchange }: Followed): void {
  let rests = false;

  $effect(() => {
    const element = video();
    if (element === undefined) return;
    const over = new AbortController();
    const { signal } = over;
    for (const type of ["pause", "waiting"])
      element.addEventListener(type, () => onchange(false), { signal });
    element.addEventListener("playing", () => onchange(true), { signal });
    return () => over.abort();
  });

  $effect(() => {
    const element = video();
    if (element === undefined) return;
    if (!tabShown() && !element.paused) {
      rests = true;
      element.pause();
    } else if (tabShown() && rests) {
      rests = false;
      // Refused where the viewer has to begin it: the controls are there.
      element.play().catch(() => onchange(false));
    }
  });
}
