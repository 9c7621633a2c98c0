/**
 * The router takes every click on a link for itself. Those by which people open a tab or save a file are the browser's:
 * they end here, between the page's own handlers and the router's.
 */
export function leaveModifiedClicks(document: Document): void {
  document.addEventListener("click", (event) => {
    const { altKey, button, ctrlKey, metaKey, shiftKey } = event;
    const isModified = altKey || ctrlKey || metaKey || shiftKey || button !== 0;
    if (isModified || event.defaultPrevented) event.stopPropagation();
  });
}
