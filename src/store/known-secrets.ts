/** Every secret value that this control plane could give away: generated, set by people, or in its own environment. */
import type { Credentials } from "./credentials.ts";
import type { Secrets } from "./secrets.ts";

/** Names of variables that by custom hold something secret. */
const SECRET_NAME = /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(API|ACCESS|PRIVATE|SECRET)_?KEY)$/i;

export const secretsOf = (environment: string, secrets: Secrets, credentials: Credentials): string[] => [
  ...secrets.values(environment),
  ...credentials.values(environment),
];

export function everySecret(secrets: Secrets, credentials: Credentials, variables: NodeJS.ProcessEnv): string[] {
  const environments = new Set([...secrets.environments(), ...credentials.environments()]);
  return [
    ...[...environments].flatMap((environment) => secretsOf(environment, secrets, credentials)),
    ...Object.entries(variables).flatMap(([name, value = ""]) =>
      SECRET_NAME.test(name) ? [value] : passwordIn(value),
    ),
  ];
}

/** As in `DATABASE_URL`: as it is written there, and as it is meant. */
function passwordIn(url: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*?:([^@/?#\s]+)@/i.exec(url)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
