/** A simulated load balancer as a machine: what it does with a request, and its own checks of its servers. */
import type { HttpCheck } from "../../model/application.ts";
import {
  ANSWERED_BY,
  type Endpoint,
  type LoadBalancerSettings,
  type Member,
  otherSlot,
  type Route,
  type ServerAnswers,
  type Slot,
  type TrafficCounters,
} from "../../model/load-balancer.ts";
import type { Answer, Asker } from "../../model/world.ts";
import type { SimulatedClock } from "./clock.ts";
import type { Connection } from "./database-connection.ts";

/** Whoever answers HTTP on an address of the simulated network. */
export interface Web {
  answer(check: HttpCheck): Promise<Answer>;
}

export interface LoadBalancerSurroundings {
  clock: SimulatedClock;
  web(address: string, port: number): Web | null;
  changed(what: string): void;
}

export type Request = Pick<Asker, "host"> & {
  tester: string | null;
  check: HttpCheck;
  /** The address by which it came; the machine's own when left out. */
  by?: string;
};

/** Something that goes on until it ends or is cut. */
interface Flight {
  lasts: boolean;
  readonly ended: Promise<null>;
  cut(): void;
}

export interface Tunnel {
  reached: string;
  stands(): boolean;
  end(): void;
}

export type Answered = Omit<ServerAnswers, "server">;

interface Checked extends Omit<Member, "sessions"> {
  /** Bad checks in a row; null before the first one has ended. */
  misses: number | null;
  answered: Answered;
  readonly flights: Set<Flight>;
}

const REMEMBERED = 512;
const FALL = 2;
const HOLD_LOOK_MS = 10;
const NETWORK_MS = 1;

const plain = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body,
});

export const noAnswers = (): Answered => ({ answers: 0, errors: 0, latencyMs: null });
const none = (): TrafficCounters => ({ requests: 0, paged: 0, held: 0, failed: 0 });

/** Ports and capitals make no difference. */
const isHost = (asked: string, host: string): boolean => asked.split(":")[0]?.toLowerCase() === host.toLowerCase();

/** Older answers fade, as on the real one. */
function average({ answers, latencyMs }: Answered, ms: number): number {
  const mean = latencyMs ?? ms;
  return mean + (ms - mean) / Math.min(answers, REMEMBERED);
}

function takeOff(): Flight {
  const { promise, resolve } = Promise.withResolvers<null>();
  const flight: Flight = {
    lasts: true,
    ended: promise,
    cut: () => {
      flight.lasts = false;
      resolve(null);
    },
  };
  return flight;
}

export class LoadBalancerServer {
  readonly name: string;
  readonly address: string;
  /** On its disk, and what its process was started with. */
  settings: LoadBalancerSettings | null = null;
  running: LoadBalancerSettings | null = null;
  readonly members: Record<Slot, Checked[]> = { a: [], b: [] };
  readonly routes: Record<Route, Slot | null> = { public: null, test: null };
  /** Of a hundred public requests, how many go to the other slot. */
  share = 0;
  maintenance = false;
  readonly testers = new Set<string>();
  /** Addresses by which each answer ends its connection. */
  readonly closing = new Set<string>();
  /** Floating addresses that the machine holds, each until it is taken from it. */
  readonly floating = new Map<string, Flight>();
  /** Addresses of hosts to which it passes on what began there, by floating address. */
  readonly passing = new Map<string, string>();
  readonly #asked = new Map<string, number>();
  held: { until: number; lapsesTo: "open" | "page" } | null = null;
  /** Where its process leads, and on its disk where the next one will. */
  readonly endpoints: Record<Slot, Endpoint | null> = { a: null, b: null };
  readonly keptEndpoints: Record<Slot, Endpoint | null> = { a: null, b: null };
  counters = none();
  readonly #around: LoadBalancerSurroundings;
  readonly #carried: Record<Slot, Set<Connection>> = { a: new Set(), b: new Set() };
  #life = takeOff();
  readonly #clients = new Set<Pick<Flight, "lasts">>();
  #turn = 0;
  #drawn = 0;

  constructor(name: string, address: string, around: LoadBalancerSurroundings) {
    this.name = name;
    this.address = address;
    this.#around = around;
  }

  get up(): boolean {
    return this.running !== null;
  }

  boot(): void {
    this.running = this.settings;
    this.counters = none();
    this.#life = takeOff();
    for (const slot of ["a", "b"] as const) {
      this.endpoints[slot] = this.keptEndpoints[slot];
      // On its disk are those that were let in and not yet asked to leave. Until its first check each is trusted.
      this.members[slot] = this.members[slot].filter(({ state }) => state === "ready");
      for (const member of this.members[slot])
        Object.assign(member, { healthy: false, misses: null, answered: noAnswers() });
    }
  }

  end(): void {
    this.running = null;
    this.#life.cut();
    for (const slot of ["a", "b"] as const) {
      this.cutDatabase(slot);
      for (const member of this.members[slot]) this.cutRequests(member);
    }
  }

  take(address: string): void {
    if (!this.floating.has(address)) this.floating.set(address, takeOff());
  }

  /** Whatever is on its way by it dies. */
  release(address: string): void {
    this.floating.get(address)?.cut();
    this.floating.delete(address);
  }

  connectionsBy(address: string): number {
    return this.#asked.get(address) ?? 0;
  }

  /** By a floating address: null when it is not held, or no more when the answer is there. */
  async answerBy(address: string, request: Request): Promise<Answer | null> {
    const held = this.floating.get(address);
    if (!held) return null;
    const count = (more: number) => this.#asked.set(address, this.connectionsBy(address) + more);
    count(1);
    try {
      return await Promise.race([held.ended, this.answer({ ...request, by: address })]);
    } finally {
      count(-1);
    }
  }

  /** Asks every server for its health once. */
  async check(): Promise<void> {
    const { path, headers, status } = this.settings?.health ?? { path: "/", headers: {}, status: 200 };
    const asked: HttpCheck = { method: "GET", path, headers, expect: { status } };
    for (const member of [...this.members.a, ...this.members.b]) {
      const answer = await this.#around.web(member.address, member.port)?.answer(asked);
      const good = answer?.status === status;
      member.misses = good ? 0 : (member.misses ?? FALL) + 1;
      member.healthy = member.misses < FALL;
    }
  }

  /** Null when the page is what a lapsed hold came to. */
  holdLeftMs(): number {
    return this.held ? Math.max(0, this.held.until - this.#around.clock.now()) : 0;
  }

  showsPage(): boolean {
    return this.maintenance || (this.held?.lapsesTo === "page" && this.holdLeftMs() === 0);
  }

  /** Where an application finds its database behind one of our ports. */
  endpointAt(port: number): Endpoint | null {
    const slot = this.#slotOf(port);
    return slot ? this.endpoints[slot] : null;
  }

  /** A connection to a database that goes through one of our ports. */
  carry(port: number, connection: Connection): void {
    const slot = this.#slotOf(port);
    if (!slot) return;
    const carried = this.#carried[slot];
    for (const each of carried) if (!each.stands) carried.delete(each);
    carried.add(connection);
  }

  cutDatabase(slot: Slot): void {
    for (const connection of this.#carried[slot]) connection.end();
    this.#carried[slot].clear();
  }

  cutRequests({ flights }: Checked): void {
    for (const flight of flights) flight.cut();
    flights.clear();
  }

  /** Clients here keep none that they do not use. */
  get connections(): number {
    return [...this.#clients].filter(({ lasts }) => lasts).length;
  }

  /** An upgraded connection, such as a websocket: it stands until one of its ends closes it. Null: nobody took it. */
  tunnel(route: Route): Tunnel | null {
    const slot = this.running && this.#poolOf(route, route === "public");
    const member = slot && this.members[slot].find(({ state, healthy }) => state === "ready" && healthy);
    if (!member) return null;
    const flight = takeOff();
    member.flights.add(flight);
    this.#clients.add(flight);
    const end = () => {
      flight.cut();
      this.#clients.delete(flight);
      member.flights.delete(flight);
    };
    return { reached: member.server, stands: () => flight.lasts, end };
  }

  /** Null when nobody listens, or when its process died before it had answered. */
  async answer(request: Request): Promise<Answer | null> {
    await this.#around.clock.wake(NETWORK_MS);
    const life = this.#life;
    const client = { lasts: true };
    this.#clients.add(client);
    const answer = this.running && (await Promise.race([life.ended, this.#serve(this.running, request, life)]));
    this.#clients.delete(client);
    return answer && this.#signed(this.running ?? { hosts: null }, request, answer);
  }

  /** What it says of itself on its answers. */
  #signed({ hosts }: { hosts: LoadBalancerSettings["hosts"] | null }, request: Request, answer: Answer): Answer {
    const { by = this.address, host } = request;
    const headers = { ...answer.headers };
    if (this.closing.has(by)) headers.connection = "close";
    if (hosts && isHost(host, hosts.test)) headers[ANSWERED_BY] = this.name;
    return { ...answer, headers };
  }

  async #serve({ hosts }: LoadBalancerSettings, request: Request, life: Flight): Promise<Answer | null> {
    const { tester, check } = request;
    const route = (["public", "test"] as const).find((one) => isHost(request.host, hosts[one]));
    if (!route) return plain(404, "unknown host");
    const counts = route === "public" && !(tester !== null && this.testers.has(tester));
    if (counts) this.counters.requests += 1;
    const letIn = !counts || (await this.#letsIn(life));
    if (!life.lasts) return null;
    if (!letIn) return this.#page();
    const answer = await this.#forward(this.#poolOf(route, counts), check);
    if (counts && life.lasts && !answer.fromApplication) this.counters.failed += 1;
    return answer;
  }

  async #letsIn(life: Flight): Promise<boolean> {
    const waits = () => life.lasts && !this.maintenance && this.holdLeftMs() > 0;
    if (waits()) {
      this.counters.held += 1;
      while (waits()) await this.#around.clock.wake(HOLD_LOOK_MS);
    }
    return !this.showsPage();
  }

  #page(): Answer {
    this.counters.paged += 1;
    return plain(503, this.running?.page ?? "", { ...this.#later(), "changeover-page": "maintenance" });
  }

  #later = (): Record<string, string> => ({
    "retry-after": String(this.running?.retryAfterSeconds ?? 0),
    "cache-control": "no-store",
  });

  /** Spread evenly instead of by chance: of each hundred that are drawn, exactly as many as the share go over. */
  #poolOf(route: Route, draws: boolean): Slot | null {
    const slot = this.routes[route];
    if (!draws || slot === null) return slot;
    const over = (this.#drawn * this.share) % 100 < this.share;
    this.#drawn += 1;
    return over && this.#usable(otherSlot(slot)).length > 0 ? otherSlot(slot) : slot;
  }

  #usable(slot: Slot): Checked[] {
    return this.members[slot].filter(({ state, healthy, misses }) => state === "ready" && (healthy || misses === null));
  }

  /** A server that does not answer at all costs nothing as long as there is another one. */
  async #forward(slot: Slot | null, check: HttpCheck): Promise<Answer & { fromApplication: boolean }> {
    const refused = (answer: Answer) => ({ ...answer, fromApplication: false });
    if (slot === null) return refused(plain(503, "nobody serves this host name", this.#later()));
    const good = this.#usable(slot);
    const first = this.#turn++;
    for (const at of good.keys()) {
      const member = good[(first + at) % good.length];
      const web = member && this.#around.web(member.address, member.port);
      if (!web) continue;
      const answer = await this.#fly(member, web, check);
      return answer ? { ...answer, fromApplication: true } : refused(plain(502, "the server was taken away"));
    }
    return refused(plain(503, "no server is available"));
  }

  /** Null when it was cut. */
  async #fly({ flights, answered }: Checked, web: Web, check: HttpCheck): Promise<Answer | null> {
    const flight = takeOff();
    flights.add(flight);
    const asked = this.#around.clock.now();
    const answer = await Promise.race([web.answer(check), flight.ended]);
    if (answer) {
      answered.answers += 1;
      if (answer.status >= 500) answered.errors += 1;
      answered.latencyMs = average(answered, this.#around.clock.now() - asked);
      await this.#around.clock.wake(NETWORK_MS);
    }
    flights.delete(flight);
    return answer;
  }

  #slotOf(port: number): Slot | null {
    const { a, b } = this.running?.endpointPorts ?? {};
    return port === a ? "a" : port === b ? "b" : null;
  }
}
