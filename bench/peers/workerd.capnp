using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .increment)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const increment :Workerd.Worker = (
  serviceWorkerScript = "addEventListener('fetch', (event) => event.respondWith(event.request.json().then(({ input }) => Response.json({ result: input.map((value) => value + 1) }))))",
  compatibilityDate = "2025-01-01",
);
