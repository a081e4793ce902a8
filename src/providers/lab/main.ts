/** `npm run lab`: separate hosts on this machine, each with its own network, disk, processes and a real sshd. */
import { parseArgs } from "node:util";
import { cut, down, heal, kill, LabTrouble, start, status, up, whyNoLab } from "./hosts.ts";
import { addressOf, pathsOf, type Setting, settingOf } from "./names.ts";
import { DIRECTORY } from "./lab.ts";

const USAGE = `There is:
  npm run lab -- up N       make N hosts
  npm run lab -- status     how they are, and how to reach them
  npm run lab -- cut I      take host I off the network; it runs on
  npm run lab -- heal I     and bring it back
  npm run lab -- kill I     end everything on host I, as when its power fails
  npm run lab -- start I    and let it start again with what is on its disk
  npm run lab -- down       end all of it, from whatever state it is in
Options: --network 10.77 (the first two octets of every address), --folder PATH`;

const KEPT = "kept";

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { network: { type: "string" }, folder: { type: "string" } },
  });
  const [word = "", number = ""] = positionals;
  const setting = settingOf(networkIn(values.network), values.folder);
  const verb = verbs[word];
  if (!verb || positionals.length !== (verb.takes ? 2 : 1)) {
    console.error(USAGE);
    return 2;
  }
  const why = whyNoLab();
  if (why !== null) throw new LabTrouble(`no lab here: ${why}`);
  await verb.run(setting, Number(number));
  return 0;
}

interface Verb {
  /** A number follows it. */
  takes: boolean;
  run(setting: Setting, number: number): Promise<unknown>;
}

const verbs: Record<string, Verb> = {
  up: {
    takes: true,
    async run(setting, count) {
      const began = performance.now();
      await up(setting, count, KEPT).catch(async (error: unknown) => {
        if (!(error instanceof LabTrouble)) await down(setting);
        throw error;
      });
      console.log(`${count} hosts after ${((performance.now() - began) / 1000).toFixed(1)} s`);
      await tell(setting);
    },
  },
  status: { takes: false, run: tell },
  cut: { takes: true, run: (setting, host) => onHost(setting, host, cut) },
  heal: { takes: true, run: (setting, host) => onHost(setting, host, heal) },
  kill: { takes: true, run: (setting, host) => onHost(setting, host, kill) },
  start: { takes: true, run: (setting, host) => onHost(setting, host, start) },
  down: { takes: false, run: down },
};

async function onHost(setting: Setting, host: number, act: (setting: Setting, host: number) => Promise<unknown>) {
  const known = await status(setting);
  if (known?.some((one) => one.host === host)) return act(setting, host);
  throw new LabTrouble(`there is no host ${host}: npm run lab -- status`);
}

async function tell(setting: Setting): Promise<void> {
  const hosts = await status(setting);
  if (hosts === null) return console.log("there is no lab: npm run lab -- up 8");
  for (const { host, address, state, processes } of hosts) {
    console.log(`${String(host).padStart(4)}  ${address.padEnd(15)} ${state.padEnd(7)} ${processes} processes`);
  }
  const { key, knownHosts } = pathsOf(setting);
  console.log(`
ssh -i ${key} -o UserKnownHostsFile=${knownHosts} root@${addressOf(setting, hosts[0]?.host ?? 1)}

provider:
  kind: ssh
  hosts: [${hosts.map(({ address }) => address).join(", ")}]
  user: root
  identityFile: ${key}
  knownHosts: ${knownHosts}
  directory: ${DIRECTORY}`);
}

function networkIn(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{1,3}\.\d{1,3}$/.test(text)) return text;
  throw new LabTrouble(`"${text}" is not the beginning of a network: two octets, as in 10.77`);
}

try {
  // The word itself comes first, as with every script of package.json.
  process.exitCode = await main(process.argv.slice(3));
} catch (error) {
  console.error(error instanceof LabTrouble || error instanceof TypeError ? error.message : error);
  process.exitCode = 1;
}
