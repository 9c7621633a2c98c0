import { connection } from "../state/connection.svelte.ts";
import { session } from "../state/session.svelte.ts";
import { Requests } from "./request.ts";

/** The server, as every page asks it. Shapes are the types of protocol/http-*.ts. */
export const api = new Requests({
  signInAgain: () => session.signInAgain(),
  reachable: (yes) => connection.note(yes),
});
