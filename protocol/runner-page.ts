/** What the runner's page and the runner agree on, without schemas: neither loads their library at its start. */

/** Sent with everything that changes something: the page is given it with its HTML, another site's page cannot have it. */
export const pageTokenHeader = "x-runner-token";
/** Stands in the built page for the token of the start that serves it. */
export const pageTokenPlaceholder = "%RUNNER_PAGE_TOKEN%";
export const pagePortDefault = 7777;
