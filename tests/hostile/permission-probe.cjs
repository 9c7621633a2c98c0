// Run under an executor's own flags instead of the executor's program: tries what no executor may do, and prints what
// came of each as one JSON object. Arguments: the addon's path, a TCP port, a UDP port, a file to read, one to write.
const { writeSync } = require("node:fs");

const [, , , tcpPort, udpPort, secretPath, writablePath] = process.argv;
const outcomes = {};
// Some denials are thrown in a later turn of the event loop.
let onThrown = () => {};
process.on("uncaughtException", (error) => onThrown(error));

async function attempt(name, action) {
  try {
    const value = await Promise.race([
      Promise.resolve().then(action),
      new Promise((_, reject) => {
        onThrown = reject;
      }),
      new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 3_000)),
    ]);
    outcomes[name] = `ALLOWED: ${String(value).slice(0, 100)}`;
  } catch (thrown) {
    const error = thrown.cause ?? thrown;
    outcomes[name] = `denied: ${error.code ?? error.name}: ${String(error.message).slice(0, 100)}`;
  }
}

function settled(emitter, event) {
  return new Promise((resolve, reject) => {
    emitter.once(event, () => resolve(event));
    emitter.once("error", reject);
  });
}

const tmp = require("node:path").dirname(writablePath);
const own = process.argv[1];

const attempts = {
  "fs: read a file": () => require("node:fs").readFileSync(secretPath, "utf8"),
  "fs: read with a promise": () => require("node:fs/promises").readFile(secretPath, "utf8"),
  "fs: read a system file": () => require("node:fs").readFileSync("/etc/passwd", "utf8"),
  "fs: read another process's environment": () =>
    require("node:fs").readFileSync(`/proc/${process.ppid}/environ`, "utf8"),
  "fs: list a directory": () => require("node:fs").readdirSync("/"),
  "fs: stream a file": () => settled(require("node:fs").createReadStream(secretPath), "data"),
  "fs: write a file": () => require("node:fs").writeFileSync(writablePath, "x"),
  "fs: append to its own program": () => require("node:fs").appendFileSync(own, "//"),
  "fs: make a directory": () => require("node:fs").mkdirSync(`${writablePath}.d`),
  "fs: link": () => require("node:fs").symlinkSync(secretPath, `${writablePath}.link`),
  "fs: remove its own program": () => require("node:fs").unlinkSync(own),
  "fs: copy": () => require("node:fs").copyFileSync(own, writablePath),
  "fs: open for writing": () => require("node:fs").openSync(writablePath, "w"),
  "fs: a temporary directory": () => require("node:fs").mkdtempSync(`${tmp}/probe-`),
  "net: connect": () =>
    settled(require("node:net").connect(Number(tcpPort), "127.0.0.1"), "connect"),
  "net: listen": () =>
    settled(require("node:net").createServer().listen(0, "127.0.0.1"), "listening"),
  "net: a unix socket": () =>
    settled(require("node:net").connect("/var/run/docker.sock"), "connect"),
  "net: http": () => settled(require("node:http").get(`http://127.0.0.1:${tcpPort}/`), "response"),
  "net: fetch": () => fetch(`http://127.0.0.1:${tcpPort}/`),
  "net: udp": () =>
    new Promise((resolve, reject) => {
      const socket = require("node:dgram").createSocket("udp4");
      socket.once("error", reject);
      socket.send("x", Number(udpPort), "127.0.0.1", (error) =>
        error ? reject(error) : resolve("sent"),
      );
    }),
  "dns: lookup": () => require("node:dns").promises.lookup("localhost"),
  "dns: resolve": () => {
    const resolver = new (require("node:dns").promises.Resolver)({ timeout: 500, tries: 1 });
    resolver.setServers([`127.0.0.1:${udpPort}`]);
    return resolver.resolve4("exfiltrate.example");
  },
  "child_process: spawn": () => settled(require("node:child_process").spawn("/bin/true"), "spawn"),
  "child_process: execFileSync": () => require("node:child_process").execFileSync("/bin/true"),
  "child_process: fork": () => settled(require("node:child_process").fork(own), "spawn"),
  worker: () => settled(new (require("node:worker_threads").Worker)("1", { eval: true }), "online"),
  "inspector: open": () => require("node:inspector").open(0, "127.0.0.1"),
  "inspector: session": () => {
    const session = new (require("node:inspector").Session)();
    session.connect();
    return session;
  },
  wasi: () => new (require("node:wasi").WASI)({ version: "preview1", preopens: { "/": "/" } }),
  sqlite: () => new (require("node:sqlite").DatabaseSync)(writablePath),
  "sqlite by process.getBuiltinModule": () =>
    new (process.getBuiltinModule("node:sqlite").DatabaseSync)(writablePath),
  eval: () => globalThis["ev" + "al"]("1"),
  "new Function": () => new Function("return 1")(),
  "a core dump by report": () => process.report.writeReport(writablePath),
  "a heap snapshot": () => require("node:v8").writeHeapSnapshot(writablePath),
};

(async () => {
  for (const [name, action] of Object.entries(attempts)) await attempt(name, action);
  const told = { outcomes, env: process.env, cwd: process.cwd() };
  writeSync(1, JSON.stringify(told));
  process.exit(0);
})();
