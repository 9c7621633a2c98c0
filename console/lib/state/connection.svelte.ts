/** Whether the server answers. What shows live things asks again when `recoveries` grows. */
class Connection {
  lost = $state(false);
  recoveries = $state(0);

  note(reachable: boolean): void {
    if (reachable && this.lost) this.recoveries++;
    this.lost = !reachable;
  }
}

export const connection = new Connection();
