/** Clients of the simulated shop: they write through the public route all the time and remember what was acknowledged. */
import { withKey } from "../../src/model/http-check.ts";
import type { Request } from "../../src/providers/simulated/load-balancer-server.ts";
import type { Site } from "../../src/providers/simulated/site.ts";
import { shop } from "./shop.ts";

export interface Write {
  key: string;
  at: number;
  /** Name of the database that took it. */
  landed: string;
}

export interface Clients {
  readonly acknowledged: Write[];
  /** How many got the page, an application's refusal, or no answer. */
  readonly seen: { page: number; refused: number; failed: number };
  stop(): void;
}

const EVERY_MS = 50;

/** Those of another round need another name: a key is written once. */
export function startClients(site: Site, round = ""): Clients {
  const clients = { acknowledged: [] as Write[], seen: { page: 0, refused: 0, failed: 0 }, stop: () => {} };
  let number = 0;
  const floating = Object.values(site.definition.addresses)[0]?.address;
  /** By the floating address where there is one: who holds it changes. */
  const ask = (turn: number, request: Request) => {
    const balancers = site.loadBalancers();
    return floating === undefined
      ? (balancers[turn % balancers.length]?.answer(request) ?? null)
      : site.answerAt(floating, request);
  };
  const write = async () => {
    const key = `w-${round}${number}`;
    if (!shop.ledger) return;
    const check = withKey(shop.ledger.write, key);
    const answer = await ask(number++, { host: shop.hosts.public, tester: null, check });
    if (answer?.status === 201) clients.acknowledged.push({ key, at: site.clock.now(), landed: answer.body });
    else if (answer?.headers["changeover-page"]) clients.seen.page += 1;
    else if (answer?.status === 500) clients.seen.refused += 1;
    else clients.seen.failed += 1;
  };
  const tick = () => {
    void write();
    clients.stop = site.clock.after(EVERY_MS, tick);
  };
  tick();
  return clients;
}
