/** Fifty requests a second, each over a connection of its own; whatever is no answer of a release has failed. */
import http from "node:http";

const EVERY_MS = 20;
const LIMIT_MS = 5_000;

export interface Entrance {
  address: string;
  port: number;
  /** Value of the Host header. */
  host: string;
}

export interface Count {
  requests: number;
  failed: number;
  /** The release that answered last. */
  last: string;
  /** How it failed, first of all. */
  why: string | null;
}

export interface Clients {
  /** When everything that was asked is answered or has failed. */
  stop(): Promise<Count>;
}

export function openClients(entrance: Entrance): Clients {
  const count: Count = { requests: 0, failed: 0, last: "", why: null };
  const asked = new Set<Promise<void>>();
  const one = async (): Promise<void> => {
    count.requests++;
    try {
      count.last = await askOnce(entrance);
    } catch (error) {
      count.failed++;
      count.why ??= (error as Error).message;
    }
  };
  const timer = setInterval(() => {
    const request = one().finally(() => asked.delete(request));
    asked.add(request);
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(asked);
      return count;
    },
  };
}

/** Gives the release that answered. */
export function askOnce({ address, port, host }: Entrance): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: address, port, path: "/", headers: { host }, agent: false, timeout: LIMIT_MS });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    request.on("error", reject);
    request.on("response", (response) => {
      const release = response.headers["x-release"];
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200 && typeof release === "string") resolve(release);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
  });
}
