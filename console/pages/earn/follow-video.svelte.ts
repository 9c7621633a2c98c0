/** A video that begins anew waits for a moment: this long it still plays. */
const waitMs = 1_000;

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
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (plays: boolean) => {
      clearTimeout(timer);
      onchange(plays);
    };
    element.addEventListener("playing", () => tell(true), { signal });
    element.addEventListener("pause", () => tell(false), { signal });
    element.addEventListener(
      "waiting",
      () => {
        clearTimeout(timer);
        timer = setTimeout(() => tell(false), waitMs);
      },
      { signal },
    );
    return () => {
      over.abort();
      clearTimeout(timer);
    };
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
