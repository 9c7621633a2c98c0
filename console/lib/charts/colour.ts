/**
 * A colour by its role, as canvases understand it: the browser resolves light-dark() on an element. On a new one each
 * time, because a colour that changes on an old one may be in transition.
 */
export function colourOf(name: string, beside: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  probe.hidden = true;
  beside.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
