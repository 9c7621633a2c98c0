/** A program that the system's service manager is told by. */
export interface Step {
  command: string;
  args: readonly string[];
  /** It may fail: what it undoes is perhaps not there. */
  optional?: boolean;
}

/** How a system is made to start the runner by itself, and to stop doing so. Pure: nothing has happened yet. */
export interface ServicePlan {
  /** For people: "a systemd user service". */
  kind: string;
  /** The definition, and what is in it. */
  file: string;
  content: string | Uint8Array;
  /** After the file is written. */
  start: readonly Step[];
  /** Before the file is removed. */
  stop: readonly Step[];
  /** After the file was removed. */
  forget: readonly Step[];
  /** What to do when the system does not take it. */
  otherwise: string;
  /** What people may want to know once it runs, and cannot be done for them. */
  hints: readonly string[];
}

/** What is to be run, and where it keeps its things. */
export interface ServiceProgram {
  /** The pinned Node. */
  node: string;
  /** The runner's program. */
  program: string;
  dataDir: string;
}

/** Of the text log that a service keeps where the system keeps none. */
export const logFileName = "runner.log";
