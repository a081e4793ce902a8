/** The facts HAProxy looks up for each request: file first, then the running process, then read back. */
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { FOLDER, neverStarted } from "./desired.ts";
import { parseMap } from "./parse.ts";
import { serially } from "./serial.ts";
import type { Wire } from "./wire.ts";

/** One file per concern. `set map` needs a key that exists, so each is written with all of its keys. */
export const FIRST_MAPS = {
  routes: { public: "none", test: "none" },
  share: { a: "0", b: "0" },
  maintenance: { public: "off" },
  hold: { public: "0" },
  lapse: { public: "open" },
  testers: {},
  closing: {},
} as const;
export type MapName = keyof typeof FIRST_MAPS;

/** As HAProxy knows it, from the folder it was started in. */
const known = (map: MapName) => `maps/${map}.map`;
export const mapFile = (map: string) => `${FOLDER}/maps/${map}.map`;

export function renderMap(entries: Iterable<readonly [string, string]>): string {
  return [...entries].map(([key, value]) => `${key} ${value}\n`).join("");
}

export function parseMapFile(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.includes(" "));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

/** Only the service itself reads them: testers' tokens are secrets. */
export const MAP_MODE = 0o600;

export function createMaps(host: Host, wire: Wire) {
  const read = async (map: MapName) => parseMap(await wire.ask(`show map ${known(map)}`));
  const readFile = async (map: MapName) => {
    const text = await host.readFile(mapFile(map));
    if (text === null) throw neverStarted(host);
    return parseMapFile(text);
  };

  const change = (map: MapName, how: (entries: Map<string, string>) => void) =>
    serially(`map ${host.name} ${host.directory} ${map}`, async () => {
      // From the file, not from the process: the file is what a restart will bring.
      const entries = await readFile(map);
      const before = renderMap(entries);
      how(entries);
      if (renderMap(entries) !== before) await host.putFile(mapFile(map), renderMap(entries), MAP_MODE);
      // Only what differs is sent: also what an interrupted write left in the file alone.
      const commands = changes(known(map), await read(map), entries);
      if (commands.length === 0) return;
      await wire.act(commands);
      const seen = await read(map);
      if (changes(known(map), seen, entries).length > 0) throw differs(host, map);
    });

  return {
    read: async (map: MapName, key: string) => (await read(map)).get(key) ?? null,
    readAll: read,
    /** False for a map that is newer than the running process. */
    loaded: async (map: MapName) => (await wire.ask("show map")).includes(`(${known(map)})`),
    set: (map: MapName, key: string, value: string) =>
      change(map, (entries) => {
        entries.set(key, value);
      }),
    clear: (map: MapName) => change(map, (entries) => entries.clear()),
    /** Ends a write that was broken off between its file and the process: the file holds what was wanted. */
    settle: async () => {
      for (const map of Object.keys(FIRST_MAPS) as MapName[]) await change(map, () => {});
    },
  };
}

export type Maps = ReturnType<typeof createMaps>;

/** The fewest commands from one state of a map to the other; keys that stay are changed in place. */
export function changes(path: string, from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): string[] {
  const gone = [...from.keys()].filter((key) => !to.has(key)).map((key) => `del map ${path} ${key}`);
  const set = [...to]
    .filter(([key, value]) => from.get(key) !== value)
    .map(([key, value]) => `${from.has(key) ? "set" : "add"} map ${path} ${key} ${value}`);
  return [...set, ...gone];
}

function differs(host: Host, map: MapName): Problem {
  return new Problem("step-failed", {
    what: `load balancer "${host.name}" does not hold what was written to its ${map}`,
    why: "the read after the write shows other entries; somebody else may be changing it",
    next: "look for a second control plane, then: changeover status",
  });
}
