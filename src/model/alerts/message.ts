/** What an alert tells others: a JSON message, and the signature by which its receiver knows who sent it. Pure. */
import { createHmac } from "node:crypto";
import { metricOf, type Unit } from "./metrics.ts";
import type { AlertRule } from "./rule.ts";
import { conditionInWords, type Sample, valueInWords } from "./sample.ts";

export interface Message {
  /** The same for every try to deliver the same message. */
  id: string;
  environment: string;
  alert: string;
  /** A server, "public pool", or "environment". */
  target: string;
  event: "raised" | "repeated" | "escalated" | "resolved";
  /** Somebody proves the alert: nothing is wrong. */
  synthetic: boolean;
  condition: string;
  metric: string;
  unit: Unit;
  /** Null: it can't be told. */
  value: number | null;
  /** Times in ISO 8601: when it was raised, and of this message. */
  raisedAt: string;
  at: string;
  /** All of it in one sentence. */
  says: string;
}

export interface About {
  environment: string;
  rule: AlertRule;
  target: string;
  sample: Sample;
  raisedAt: number;
  at: number;
}

export function messageOf(about: About, id: string, event: Message["event"]): Message {
  const { environment, rule, target, sample, raisedAt, at } = about;
  return {
    id,
    environment,
    alert: rule.name,
    target,
    event,
    synthetic: sample.synthetic === true,
    condition: conditionInWords(rule.when),
    metric: rule.when.metric,
    unit: metricOf(rule.when.metric).unit,
    value: sample.value,
    raisedAt: new Date(raisedAt).toISOString(),
    at: new Date(at).toISOString(),
    says: sentence(about, event),
  };
}

/** `alert "lag" of shop, db-2: raised, lagTransactions is 512 (over 100 for 30 s)`. */
export function sentence({ environment, rule, target, sample }: About, event: string): string {
  const made = sample.synthetic ? "SYNTHETIC (a test, nothing is wrong): " : "";
  const value = `${rule.when.metric} is ${valueInWords(rule.when.metric, sample)}`;
  return `${made}alert "${rule.name}" of ${environment}, ${target}: ${event}, ${value}; watched for ${conditionInWords(rule.when)}`;
}

export const SIGNATURE = "changeover-signature";
export const DELIVERY = "changeover-delivery";

/** `t=` seconds since 1970, `v1=` HMAC-SHA256 over "seconds.body" as hex digits: an old message can't be sent again as a new one. */
export function signatureOf(body: string, secret: string, at: number): string {
  const seconds = Math.floor(at / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
