/** What people do with floating addresses: see who holds them, move one, and never leave one behind. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import { firstHolder } from "../model/floating-address.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { readInventory } from "../observe/inventory.ts";
import { entranceOf } from "../plan/layout.ts";
import { addressCalled, planMoveAddress } from "../plan/strategies/move-address.ts";
import { answersBy } from "../steps/parts/hand-over.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import type { AddressesView, AddressView } from "../view/addresses.ts";
import { networkOf } from "./addressing.ts";
import type { Engine } from "./engine.ts";
import type { Environments } from "./environments.ts";
import { holdersAmong } from "./holders.ts";
import { occupied } from "./requests.ts";

export interface Addresses {
  list(environment: string): Promise<AddressesView>;
  show(environment: string, name: string): Promise<AddressView>;
  /** Starts the move and gives its id. */
  move(environment: string, name: string, asked: { to: string; by: string }): Promise<string>;
  /** What it would do, without doing anything. */
  planMove(environment: string, name: string, to: string): Promise<{ hash: string; plan: Plan }>;
}

export interface AddressParts {
  store: Store;
  engine: Engine;
  environments: Environments;
}

export function openAddresses(parts: AddressParts): Addresses {
  const { store, engine, environments } = parts;
  const list = async (environment: string): Promise<AddressesView> => {
    const { definition } = await environments.find(environment);
    const addresses = await environments.look(environment, (world) => seeAll(world, definition));
    return { environment, addresses };
  };
  return {
    list,
    async show(environment, name) {
      const { definition } = await environments.find(environment);
      addressCalled(definition, name);
      const { addresses } = await list(environment);
      return addresses.find((one) => one.name === name) as AddressView;
    },
    move: async (environment, name, { to, by }) =>
      engine.startUpgrade(await makeMove(parts, environment, name, to), { yes: true, by }),
    async planMove(environment, name, to) {
      const plan = await makeMove(parts, environment, name, to);
      return { plan, hash: await savePlan(store, plan) };
    },
  };
}

async function makeMove({ store, environments }: AddressParts, environment: string, name: string, to: string) {
  const saved = await environments.find(environment);
  const busy = await unfinishedUpgrade(store, environment);
  if (busy) throw occupied(environment, busy);
  const { definition } = saved;
  const address = addressCalled(definition, name);
  return environments.look(environment, async (world) => {
    const inventory = await readInventory(world);
    // Refuses while a host is silent: it may hold the address.
    networkOf(saved, inventory);
    const balancers = inventory.loadBalancers.map(({ record }) => record);
    const { holders } = await holdersAmong(world, balancers, address);
    return planMoveAddress({ definition, inventory, holders, name, to });
  });
}

async function seeAll(world: World, definition: EnvironmentDefinition): Promise<AddressView[]> {
  const { records, silent } = await world.provider.survey(world.environment);
  const balancers = records.filter(({ kind }) => kind === "load-balancer");
  const see = async ([name, wanted]: [string, EnvironmentDefinition["addresses"][string]]): Promise<AddressView> => {
    const { address } = wanted;
    const { holders, unknown, onNetwork } = await holdersAmong(world, balancers, address);
    const seen = { name, address, wanted: firstHolder(wanted), holders, onNetwork };
    const near = records.filter((record) => holders.includes(record.name) || unknown.includes(record.name));
    const witness = records.findLast((record) => !near.some((one) => one.address === record.address));
    const asked = onNetwork && witness ? { witness: witness.name, entrance: entranceOf(definition), address } : null;
    return {
      ...seen,
      unknown: [...unknown, ...silent.map((one) => one.address)],
      answeredBy: asked && (await answersBy(world, asked)),
      askedFrom: asked?.witness ?? null,
    };
  };
  return Promise.all(Object.entries(definition.addresses).map(see));
}

/** Before its servers are retired: a host that keeps an address would go on answering for it. */
export async function releaseAll(world: World, { addresses }: EnvironmentDefinition): Promise<void> {
  const records = await world.provider.list(world.environment);
  for (const { name } of records.filter(({ kind }) => kind === "load-balancer")) {
    const holder = await world.addressHolder(name);
    for (const { address } of Object.values(addresses)) if (holder.onNetwork) await holder.release(address);
  }
}

/** An address that somebody holds can't be forgotten: nobody would move it or take it away any more. */
export async function mustHoldNone(world: World, old: EnvironmentDefinition, wanted: EnvironmentDefinition) {
  const kept = Object.values(wanted.addresses).map(({ address }) => address);
  const gone = Object.entries(old.addresses).filter(([, { address }]) => !kept.includes(address));
  if (gone.length === 0) return;
  const { records } = await world.provider.survey(world.environment);
  const balancers = records.filter(({ kind }) => kind === "load-balancer");
  for (const [name, { address }] of gone) {
    const { holders, unknown } = await holdersAmong(world, balancers, address);
    if (holders.length + unknown.length === 0) continue;
    throw new Problem("refused", {
      what: `"${old.environment}" is up and can't give up its address ${name} (${address})`,
      why: `${[...holders, ...unknown].join(" and ")} holds it, or may hold it`,
      next: "put it back; it goes when the environment is taken down",
    });
  }
}
