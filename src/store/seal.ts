/** Seals texts with a key in a file of its own: whoever gets hold of what is sealed, but not of the key, has nothing. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { gcm } from "@noble/ciphers/aes.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { managedNonce } from "@noble/ciphers/utils.js";
import { Problem } from "../model/problem.ts";

/** The first part of a sealed text names its form, the second the key, so that both can be changed one text at a time. */
const FORM = "xchacha20-poly1305";
/** What earlier releases wrote: still read, never written. */
const OLD_FORM = "aes-256-gcm";

export interface Seal {
  /** `place` is bound to the text: put somewhere else, it can't be opened. */
  close(text: string, place: string): string;
  open(sealed: string, place: string): string;
}

/** The key is made when something is sealed for the first time. */
export function openSeal(keyFile: string): Seal {
  return {
    close(text, place) {
      const key = readKey(keyFile) ?? makeKey(keyFile);
      const body = box(key, placed(place)).encrypt(Buffer.from(text, "utf8"));
      return [FORM, idOf(key), Buffer.from(body).toString("base64url")].join(".");
    },
    open(sealed, place) {
      const [form, id, ...parts] = sealed.split(".");
      const key = readKey(keyFile);
      if (!key) throw cantOpen(place, `there is no ${keyFile}`);
      const opener = openerOf(
        form,
        parts.map((part) => Buffer.from(part, "base64url")),
      );
      if (!opener) throw cantOpen(place, "it is not in a form that we know");
      if (id !== idOf(key)) throw cantOpen(place, `it was sealed with another key than ${keyFile}`);
      try {
        return Buffer.from(opener(key, placed(place))).toString("utf8");
      } catch (error) {
        throw cantOpen(place, "it was changed, or moved from another place", error);
      }
    },
  };
}

/** The library makes the nonce and puts it before the text: 24 random bytes, so many that no two are ever the same. */
const box = managedNonce(xchacha20poly1305);

const placed = (place: string): Uint8Array => Buffer.from(place, "utf8");

type Opener = (key: Uint8Array, place: Uint8Array) => Uint8Array;

function openerOf(form: string | undefined, [first, tag, body]: Uint8Array[]): Opener | null {
  if (form === FORM && first) return (key, place) => box(key, place).decrypt(first);
  if (form !== OLD_FORM || !first || !tag || !body) return null;
  return (key, place) => gcm(key, first, place).decrypt(Buffer.concat([body, tag]));
}

const idOf = (key: Buffer): string =>
  createHash("sha256")
    .update(`key ${key.toString("hex")}`)
    .digest("hex")
    .slice(0, 8);

function readKey(file: string): Buffer | null {
  if (!existsSync(file)) return null;
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Problem("refused", {
      what: "the key of the credentials is open to others",
      why: `${file} can be read by more than its owner`,
      next: `chmod 600 ${file}, and set the credentials anew if somebody may have read it`,
    });
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.length === 32) return key;
  throw new Problem("refused", {
    what: "the key of the credentials is damaged",
    why: `${file} does not hold 32 bytes in base64`,
    next: "put it back from your backup; or remove it and set the credentials anew",
  });
}

/** Whole or not at all, and never over another one: two may begin at once. */
function makeKey(file: string): Buffer {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(beside, { force: true });
  }
  return readKey(file) as Buffer;
}

const cantOpen = (place: string, why: string, cause?: unknown): Problem =>
  new Problem(
    "refused",
    {
      what: `the credential ${place} can't be read`,
      why,
      next: "put the key back from your backup, or set it anew: changeover credential set",
    },
    cause,
  );
