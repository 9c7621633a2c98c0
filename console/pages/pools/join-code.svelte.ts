/**
 * The invitation that was followed here. It is taken out of the address, which people show and pass on, and stays while
 * they sign up.
 */
class JoinCode {
  value = $state("");

  takeFromAddress(): void {
    if (location.hash === "") return;
    this.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}

export const joinCode = new JoinCode();
