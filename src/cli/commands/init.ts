/** `changeover init`: writes a commented environment file to start from. */
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Problem } from "../../model/problem.ts";
import type { AddCommand } from "../command.ts";

export const init: AddCommand = (program) => {
  program
    .command("init")
    .description("write a commented environment file to start from")
    .argument("[file]", "where to", "environment.yaml")
    .action((file: string) => {
      const path = resolve(file);
      if (existsSync(path)) {
        throw new Problem("refused", {
          what: `${path} is there already`,
          why: "it would be overwritten",
          next: "name another file: changeover init FILE",
        });
      }
      writeFileSync(path, STARTER);
      console.log(`Wrote ${path}. Fill it in, then: changeover up ${file}`);
    });
};

const STARTER = `# What Changeover knows of one environment. Every key: docs/environment-file.md
environment: live
hosts:
  public: www.example.test      # host name that the public uses
  test: test1.example.test      # isolated route for testers
port: 8080                      # of the load balancers

application:
  name: app
  port: 8000                    # given to your start commands as PORT
  servers: 2
  workers: 0                    # how many of them also run start.worker

database:
  engine: mariadb
  name: app
  user: app

release: "1"                    # the environment first comes up with this one
releases:
  "1":
    artefact: release-1         # folder, relative to this file; copied to each server
    start:
      web: ./web.sh             # answers HTTP on $HOST:$PORT, stays in the foreground
    migrate: ./migrate.sh       # brings the schema at $DATABASE_URL to this release; exit 0 means done
  "2":
    artefact: release-2
    start:
      web: ./web.sh
    migrate: ./migrate.sh

checks:
  health: { path: /health }
  # A write probe shows what health can't: it is sent as a tester while the public sees the page.
  # write: { method: POST, path: /items, body: '{"key":"{key}"}', expect: { status: 201 }, cleanUp: [{ method: DELETE, path: "/items/{key}" }] }

# How \`changeover ledger\` behaves as a client; {key} is the idempotency key of one write.
# ledger:
#   write: { method: POST, path: /items, body: '{"key":"{key}"}', expect: { status: 201 } }
#   read: { path: /items }
#   find: SELECT item_key FROM items
`;
