/** The time, as it stands on the page: it moves on often enough for "2 minutes ago". */
class Minute {
  nowMs = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.nowMs = Date.now();
    }, 30_000);
  }
}

export const minute = new Minute();
