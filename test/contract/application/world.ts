/** What the application contract needs of a world to be run in: bare servers, and a release that the suite brings itself. */
import { type Clock, waitFor } from "../../../src/model/clock.ts";
import type { Application, HttpCheck, Install } from "../../../src/model/application.ts";
import type { Programs } from "../host/world.ts";

export interface ApplicationWorld {
  clock: Clock;
  programs: Programs;
  /** Where the application listens, and which database is its own. */
  port: number;
  database: { name: string; user: string };
  /**
   * Answers on its port: GET /variable/NAME with that variable, POST /once/KEY with 201 and the body the first time and
   * with 409 after that, GET /slow after two seconds.
   */
  web: string;
  /** The release's files, packed. Its credentials are `simulated-` and their name. */
  tar(): Promise<Buffer>;
  launch(): Promise<Application>;
  /** A file of the release on the application's server. */
  readRelease(application: Application, path: string): Promise<string | null>;
  close(): Promise<void>;
}

export type Setting = () => ApplicationWorld;

export const release = ({ web, programs }: ApplicationWorld, over: Partial<Install> = {}): Install => ({
  release: "2024.1",
  artefact: "a".repeat(64),
  start: { web, worker: programs.sleep(600_000) },
  prepare: programs.append("prepared", "once"),
  inputs: { COLOUR: "blue" },
  runtime: null,
  database: { address: "127.0.0.1", port: 3306 },
  ...over,
});

export async function installed(world: ApplicationWorld, over: Partial<Install> = {}): Promise<Application> {
  const application = await world.launch();
  await application.install(release(world, over), world.tar);
  return application;
}

export const get = (path: string, body?: string): HttpCheck => ({
  method: "GET",
  path,
  expect: { status: 200, ...(body === undefined ? {} : { body }) },
});

export async function eventually<T>(
  { clock }: ApplicationWorld,
  what: string,
  look: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const seen = await waitFor(clock, { withinMs: 15_000, everyMs: 20 }, look);
  if (seen === null) throw new Error(`it never came: ${what}`);
  return seen;
}

/** Until this variable of the running process is that. */
export const answers = (world: ApplicationWorld, application: Application, name: string, value: string) =>
  eventually(
    world,
    `${name} is ${value}`,
    async () => (await application.probe(get(`/variable/${name}`, `<${value}>`), 2_000)) === null,
  );
