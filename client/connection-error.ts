/** The API could not be reached, or what answered was not it. Errors that the API itself gives are `GridError`. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  readonly url: string;
  readonly hint: string;

  constructor(url: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
    this.hint = hint;
  }
}

const startHint = "is it running? `npm start` starts one; --url or SPAREGRID_URL says where it is";

/** Says what a failed `fetch` means to the one who called. Pure. */
export function connectionError(url: string, cause: unknown): ConnectionError {
  const origin = originOf(url);
  const options = { cause };
  switch (systemCode(cause)) {
    case "ECONNREFUSED":
      return new ConnectionError(url, `nothing answers at ${origin}`, startHint, options);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ConnectionError(url, `no machine has the name in ${origin}`, startHint, options);
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return new ConnectionError(
        url,
        `${origin} closed the connection`,
        "it may be restarting; try again in a moment",
        options,
      );
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return new ConnectionError(
        url,
        `${origin} does not answer in time`,
        "check the address, and firewalls between here and there",
        options,
      );
    default: {
      const reason = cause instanceof Error ? causeMessage(cause) : String(cause);
      return new ConnectionError(url, `cannot reach ${origin}: ${reason}`, startHint, options);
    }
  }
}

/** The system's error code, which fetch hides in causes (and in an AggregateError when a name has many addresses). */
function systemCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
    if (at instanceof AggregateError && at.errors.length > 0) return systemCode(at.errors[0]);
  }
  return undefined;
}

function causeMessage(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== ""
    ? error.cause.message
    : error.message;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
