/** A simulated machine's hold on floating addresses: others send to whoever announced an address last, held or not. */
import type { AddressHolder } from "../../model/floating-address.ts";
import type { Host } from "../../model/host.ts";
import { type ControlPlane, effectOn } from "./acting.ts";
import type { LoadBalancerServer } from "./load-balancer-server.ts";
import type { Site } from "./site.ts";

export interface AddressHolderParts {
  plane: ControlPlane;
  host: Host;
  site: Site;
  server(): LoadBalancerServer;
}

export function createSimulatedAddressHolder({ plane, host, site, server }: AddressHolderParts): AddressHolder {
  return {
    server: host.name,
    at: host.address,
    onNetwork: true,
    holds: async (address) => server().floating.has(address),
    take: (address) =>
      effectOn(plane, host, `take ${address}`, 5, () => {
        server().take(address);
        site.changed(`"${host.name}" took ${address}`);
      }),
    announce: (address) =>
      effectOn(plane, host, `announce ${address}`, 5, () => void site.announced.set(address, host.name)),
    release: (address) =>
      effectOn(plane, host, `release ${address}`, 5, () => {
        server().release(address);
        site.changed(`"${host.name}" released ${address}`);
      }),
    connections: async (address) => server().connectionsBy(address),
    passOn: (address, _port, to) =>
      effectOn(plane, host, `pass ${address} on to ${to ?? "nobody"}`, 5, () => {
        if (to === null) server().passing.delete(address);
        else server().passing.set(address, to);
      }),
    passesOn: async (address) => server().passing.has(address),
    whyNotPassing: async () => null,
    hardware: async () => host.name,
    claimants: async (address) =>
      [
        ...site.loadBalancers().flatMap(({ name, floating }) => (floating.has(address) ? [name] : [])),
        ...(site.strangers.get(address) ?? []),
      ].filter((name) => name !== host.name),
  };
}
