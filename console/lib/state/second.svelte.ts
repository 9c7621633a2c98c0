/** The time, once a second, for what counts up. */
class Second {
  nowMs = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (document.visibilityState === "visible") this.nowMs = Date.now();
    }, 1_000);
  }
}

export const second = new Second();
