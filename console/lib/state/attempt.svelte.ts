/** One thing that a person asks for: whether it is under way, and how it failed the last time. */
export class Attempt {
  busy = $state(false);
  error: unknown = $state.raw();

  /** Does it, unless it is under way already. True when it succeeded. */
  async run(work: () => unknown): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = undefined;
    try {
      await work();
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.busy = false;
    }
  }

  forget(): void {
    this.error = undefined;
  }
}
