import { GridError } from "../../protocol/errors.ts";
import { emailTaken, handleTaken } from "./directory.ts";
import { suspended } from "./key-check.ts";

interface Refusal {
  code?: string;
  message?: string;
}

/** better-auth's refusal as one of ours. */
export async function refusalOf(response: Response, email?: string): Promise<GridError> {
  const { code = "", message = "" } = await bodyOf(response);
  if (response.status === 429) {
    const seconds = Number(response.headers.get("x-retry-after") ?? 1);
    return new GridError("too-many-requests", "Too many attempts from this address.", {
      retryAfterSeconds: Math.max(1, seconds),
    });
  }
  if (response.status >= 500)
    return new GridError("internal", "Signing in is broken; the server's log says why.");
  switch (code) {
    case "INVALID_EMAIL_OR_PASSWORD":
      return new GridError("sign-in-failed", "E-mail or password is wrong.", {
        hint: "An operator can hand out a sign-in link: sparegrid operator link HANDLE.",
      });
    case "USER_ALREADY_EXISTS":
    case "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL":
      return emailTaken(email ?? "");
    case "HANDLE_TAKEN":
      return handleTaken(message);
    case "FAILED_TO_CREATE_USER":
      return new GridError("conflict", "Address or handle was taken in this very moment.");
    case "BANNED_USER":
      return suspended();
    case "LINK_SPENT":
      return new GridError("link-spent", "This sign-in link was used, replaced, or has expired.", {
        hint: "Another: sparegrid operator link, on the server's machine.",
      });
    default:
      return new GridError("bad-request", message || "The request was refused.");
  }
}

async function bodyOf(response: Response): Promise<Refusal> {
  const value: unknown = await response.json().catch(() => undefined);
  return typeof value === "object" && value !== null ? (value as Refusal) : {};
}
