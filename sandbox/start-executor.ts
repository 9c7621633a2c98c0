import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { setPriority, tmpdir } from "node:os";
import { GridError } from "../protocol/errors.ts";
import { decodeFrame, PipeFrameReader } from "../protocol/frames.ts";
import { pipeFrameBytesMax } from "../protocol/limits.ts";
import { ExecutorProcess } from "./executor-process.ts";
import { executorEnvironment, type Launch, prepareLaunch } from "./launch.ts";
import { type ExecutorOptions, type FilledExecutorOptions, fillOptions } from "./options.ts";

/**
 * Starts one executor outside any pool and resolves once it answers, after about 0.1 s.
 * @throws GridError internal when the process does not start
 */
export async function startExecutor(options: ExecutorOptions = {}): Promise<ExecutorProcess> {
  return await startLaunched(await prepareLaunch(options), fillOptions(options));
}

/** The same with the launch found out before. @throws GridError internal, or the signal's reason */
export async function startLaunched(
  launch: Launch,
  options: FilledExecutorOptions,
  signal?: AbortSignal,
): Promise<ExecutorProcess> {
  signal?.throwIfAborted();
  const windows = process.platform === "win32";
  const child = spawn(launch.command, launch.args, {
    env: executorEnvironment(),
    cwd: windows ? tmpdir() : "/",
    stdio: ["pipe", "pipe", "pipe"],
    // A process group of its own: a Ctrl-C in the runner's terminal is the runner's to act on.
    detached: !windows,
    windowsHide: true,
  });
  const waiting = AbortSignal.timeout(options.startTimeoutMs);
  try {
    const ready = await firstMessage(child, signal ? AbortSignal.any([signal, waiting]) : waiting);
    lowerPriority(child.pid!, options.niceness);
    return new ExecutorProcess(child, options, ready);
  } catch (cause) {
    child.on("error", () => {});
    child.kill("SIGKILL");
    if (signal?.aborted) throw signal.reason;
    throw new GridError("internal", "an executor process did not start", {}, { cause });
  }
}

function firstMessage(
  child: ChildProcessWithoutNullStreams,
  signal: AbortSignal,
): Promise<{ v8: string; reader: PipeFrameReader }> {
  const reader = new PipeFrameReader(pipeFrameBytesMax);
  const { promise, resolve, reject } = Promise.withResolvers<{
    v8: string;
    reader: PipeFrameReader;
  }>();
  let stderr = "";
  const onStderr = (text: Buffer) => {
    stderr = (stderr + text.toString()).slice(-4_000);
  };
  const onData = (chunk: Buffer) => {
    try {
      reader.push(chunk, (frame) => {
        const message = decodeFrame(frame)[0]?.message as { type?: unknown; v8?: unknown };
        if (message?.type !== "ready" || typeof message.v8 !== "string")
          throw new Error("the child's first message is not its greeting");
        resolve({ v8: message.v8.slice(0, 100), reader });
      });
    } catch (error) {
      reject(error);
    }
  };
  const onClose = (exitCode: number | null, exitSignal: string | null) =>
    reject(new Error(`the process ended (${exitSignal ?? exitCode}): ${stderr}`));
  const onAbort = () => reject(signal.reason);
  child.on("error", reject);
  child.on("close", onClose);
  child.stdout.on("data", onData);
  child.stderr.on("data", onStderr);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    child.off("close", onClose);
    child.stdout.off("data", onData);
    child.stderr.off("data", onStderr);
    signal.removeEventListener("abort", onAbort);
  });
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It has just died, which its exit tells, or the system has no priorities.
  }
}
