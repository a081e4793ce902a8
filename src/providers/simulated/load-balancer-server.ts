/** A simulated load balancer as a machine: what it does with a request, and its own checks of its servers. */
import type { HttpCheck } from "../../model/application.ts";
import {
  type Endpoint,
  type LoadBalancerSettings,
  type Member,
  type Route,
  type Slot,
  type TrafficCounters,
} from "../../model/load-balancer.ts";
import type { Answer, Asker } from "../../model/world.ts";
import type { SimulatedClock } from "./clock.ts";

/** Whoever answers HTTP on an address of the simulated network. */
export interface Web {
  answer(check: HttpCheck): Promise<Answer>;
}

export interface LoadBalancerSurroundings {
  clock: SimulatedClock;
  web(address: string, port: number): Web | null;
  changed(what: string): void;
}

export type Request = Pick<Asker, "host"> & { tester: string | null; check: HttpCheck };

interface Checked extends Member {
  /** Bad checks in a row; null before the first one has ended. */
  misses: number | null;
}

const FALL = 2;
const HOLD_LOOK_MS = 10;
const NETWORK_MS = 1;

const plain = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body,
});

export class LoadBalancerServer {
  readonly name: string;
  readonly address: string;
  settings: LoadBalancerSettings | null = null;
  up = false;
  readonly members: Record<Slot, Checked[]> = { a: [], b: [] };
  readonly routes: Record<Route, Slot | null> = { public: null, test: null };
  maintenance = false;
  readonly testers = new Set<string>();
  held: { until: number; lapsesTo: "open" | "page" } | null = null;
  readonly endpoints: Record<Slot, Endpoint | null> = { a: null, b: null };
  counters: TrafficCounters = { requests: 0, paged: 0, held: 0, failed: 0 };
  readonly #around: LoadBalancerSurroundings;
  #turn = 0;

  constructor(name: string, address: string, around: LoadBalancerSurroundings) {
    this.name = name;
    this.address = address;
    this.#around = around;
  }

  boot(): void {
    this.up = true;
    this.counters = { requests: 0, paged: 0, held: 0, failed: 0 };
  }

  end(): void {
    this.up = false;
    for (const member of [...this.members.a, ...this.members.b]) member.sessions = 0;
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
    if (!this.up || !this.settings) return null;
    const { a, b } = this.settings.endpointPorts;
    return port === a ? this.endpoints.a : port === b ? this.endpoints.b : null;
  }

  /** Null when nobody listens. */
  async answer({ host, tester, check }: Request): Promise<Answer | null> {
    await this.#around.clock.wake(NETWORK_MS);
    if (!this.up || !this.settings) return null;
    const { hosts } = this.settings;
    const route: Route | null = host === hosts.public ? "public" : host === hosts.test ? "test" : null;
    if (route === null) return plain(404, "unknown host");
    const counts = route === "public" && !(tester !== null && this.testers.has(tester));
    if (counts) this.counters.requests += 1;
    if (counts && !(await this.#letsIn())) return this.#page();
    const answer = await this.#forward(this.routes[route], check);
    if (answer.fromApplication) return answer;
    if (counts) this.counters.failed += 1;
    return answer;
  }

  async #letsIn(): Promise<boolean> {
    if (!this.maintenance && this.holdLeftMs() > 0) {
      this.counters.held += 1;
      while (!this.maintenance && this.holdLeftMs() > 0) await this.#around.clock.wake(HOLD_LOOK_MS);
    }
    return !this.showsPage();
  }

  #page(): Answer {
    this.counters.paged += 1;
    const { page = "", retryAfterSeconds = 5 } = this.settings ?? {};
    return plain(503, page, { "retry-after": String(retryAfterSeconds), "changeover-page": "maintenance" });
  }

  async #forward(slot: Slot | null, check: HttpCheck): Promise<Answer & { fromApplication: boolean }> {
    const refused = (status: number, body: string) => ({ ...plain(status, body), fromApplication: false });
    if (slot === null) return refused(503, "nobody serves this host name");
    const good = this.members[slot].filter(({ state, healthy }) => state === "ready" && healthy);
    const member = good[this.#turn++ % Math.max(1, good.length)];
    if (!member) return refused(503, "no server is available");
    const web = this.#around.web(member.address, member.port);
    if (!web) return refused(502, "the server does not answer");
    member.sessions += 1;
    try {
      const answer = await web.answer(check);
      await this.#around.clock.wake(NETWORK_MS);
      return { ...answer, fromApplication: true };
    } finally {
      member.sessions = Math.max(0, member.sessions - 1);
    }
  }
}
