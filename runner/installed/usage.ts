export const usage = `Usage: sparegrid-runner [command] [options]

Lends this machine's spare time to the Sparegrid that this package came from: runs functions in sandboxes.

Commands:
  run                 in the foreground, which is what happens without a command; joins first, by a code to approve
  join                gets a key by a code to approve, in place of the one that it has
  install             joins, and has the system start the runner by itself: as a service of yours, or with --system
                      (Linux, as root) of the machine
  uninstall           stops that and removes it; with --purge also what the runner keeps (--yes: without asking)
  settings [name=value…]  what this machine lends, and when; a running runner heeds it at once
  pause [1h|restart]  hands back work and takes none; resume ends that
  status              what the runner of this machine is at
  update              takes the runner that the server hands out now; --check only says whether there is another

Options (environment variable in parentheses):
  --url <address>     another server than the one that the package came from (SPAREGRID_URL)
  --name <name>       shown to people; default: this host's name (SPAREGRID_NAME)
  --data-dir <path>   keeps identity, key and settings (SPAREGRID_DATA_DIR)
  --version, --help

Options of run:
  --token <token>     a key of your account with the scope "runners", instead of joining (SPAREGRID_TOKEN)
  --slots <n>         tasks at once; default: cores - 1, at least 1 (SPAREGRID_SLOTS)
  --ask <multiple>    of a function's rate: work only for jobs that pay it or more; default: 1 (SPAREGRID_ASK)
  --memory <MB>       memory to lend; default: half of this machine's (SPAREGRID_MEMORY)
  --page <port|off>   this machine's own page, on 127.0.0.1; default: 7777, or the next free port (SPAREGRID_PAGE)
  --log-level <level> debug, info, warn, error or silent; default: info (LOG_LEVEL)
  --log-file <path>   write the log there, at most 8 MB (SPAREGRID_LOG_FILE)
`;
