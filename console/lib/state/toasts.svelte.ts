export interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad" | "info";
}

const shownMs = 6_000;
const shownMax = 4;

/** Short messages in the corner: that something was done, or that something in the background was not. */
class Toasts {
  items: Toast[] = $state([]);
  #last = 0;

  add(text: string, tone: Toast["tone"] = "good"): void {
    const id = ++this.#last;
    this.items = [...this.items.slice(1 - shownMax), { id, text, tone }];
    setTimeout(() => this.close(id), shownMs);
  }

  close(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
