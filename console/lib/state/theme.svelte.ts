export type ThemeChoice = "system" | "light" | "dark";
const storageKey = "sparegrid.theme";
const choices: readonly ThemeChoice[] = ["system", "light", "dark"];

/** Light, dark or what the system says; kept in this browser. */
class Theme {
  choice: ThemeChoice = $state(stored());

  set(choice: ThemeChoice): void {
    this.choice = choice;
    this.apply();
    try {
      localStorage.setItem(storageKey, choice);
    } catch {
      // A browser that keeps nothing has the choice until the page is left.
    }
  }

  apply(): void {
    const { dataset } = document.documentElement;
    if (this.choice === "system") delete dataset.theme;
    else dataset.theme = this.choice;
  }
}

function stored(): ThemeChoice {
  try {
    const found = localStorage.getItem(storageKey);
    return choices.find((choice) => choice === found) ?? "system";
  } catch {
    return "system";
  }
}

export const theme = new Theme();
