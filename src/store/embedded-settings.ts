/** How the embedded server runs: one small control plane, little memory, nothing reachable from outside. */

/** Changed from PostgreSQL's own defaults, and why: the whole control plane idles in 150 MB with its database. */
const SETTINGS: Record<string, string> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "40",
  shared_buffers: "32MB",
  huge_pages: "off",
  work_mem: "2MB",
  maintenance_work_mem: "16MB",
  wal_buffers: "1MB",
  min_wal_size: "32MB",
  max_wal_size: "128MB",
  checkpoint_timeout: "15min",
  // No process but those that must be: no I/O workers, no parallel queries, no replication.
  io_method: "sync",
  max_worker_processes: "1",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  max_logical_replication_workers: "0",
  max_wal_senders: "0",
  wal_level: "minimal",
  autovacuum_max_workers: "1",
  autovacuum_worker_slots: "1",
  autovacuum_naptime: "5min",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

export const serverArguments = (data: string, sockets: string): string[] => [
  "-D",
  data,
  ...Object.entries({ ...SETTINGS, unix_socket_directories: sockets }).flatMap(([name, to]) => ["-c", `${name}=${to}`]),
];

export const initArguments = (data: string): string[] => [
  "--pgdata",
  data,
  "--username=changeover",
  "--auth-local=trust",
  "--auth-host=reject",
  "--encoding=UTF8",
  "--no-locale",
];
