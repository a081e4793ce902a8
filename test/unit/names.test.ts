/** What an environment file may say of names, and which names are its own. */
import { expect, test } from "vitest";
import { isServerAddress } from "../../src/model/dns-name.ts";
import { namesFindings, namesSchema, ownNames, placeOfNames, placeText } from "../../src/model/names.ts";

const hosts = { public: "www.shop.test", test: "Green.shop.test" };
const server = { address: "192.0.2.53" };
const key = { name: "mover", credential: "dns-key" };
const zone = "shop.test";

const findings = (names: object, of = hosts): string[] =>
  namesFindings({ hosts: of, names: namesSchema.parse(names) }).map(({ path, why }) => `${path.join(".")}: ${why}`);

test("a server with its zone and key, or a hosts file; and never both or none", () => {
  expect(findings({ server, zone, key })).toEqual([]);
  expect(findings({ hostsFile: "hosts" })).toEqual([]);
  const either = ["names: must have either a server or a hostsFile"];
  expect(findings({})).toEqual(either);
  expect(findings({ server, zone, key, hostsFile: "hosts" })).toEqual(either);
  expect(findings({ server })).toEqual(["names: a server needs a zone", "names: a server needs a key"]);
  expect(findings({ hostsFile: "hosts", zone })).toEqual(["names.zone: a hosts file has none"]);
});

test("names are in the zone, and none is there twice", () => {
  const apart = { ...hosts, public: "www.example.test" };
  expect(findings({ server, zone, key }, apart)).toEqual([
    "hosts.public: www.example.test is not in zone shop.test: list names.public",
  ]);
  expect(findings({ server, zone, key, public: ["shop.test", "badshop.test"] })).toEqual([
    "names.public: badshop.test is not in zone shop.test: list names.public",
  ]);
  expect(findings({ hostsFile: "hosts", test: ["www.shop.test"] })).toEqual([
    "names.test: www.shop.test is there twice",
  ]);
});

test("without lists the host names of the environment are its names", () => {
  expect(ownNames({ hosts, names: namesSchema.parse({ hostsFile: "hosts" }) })).toEqual([
    { name: "www.shop.test", role: "public" },
    { name: "green.shop.test", role: "test" },
  ]);
  expect(ownNames({ hosts, names: namesSchema.parse({ hostsFile: "hosts", public: [], test: ["a.b"] }) })).toEqual([
    { name: "a.b", role: "test" },
  ]);
});

test("two environments have their names in the same place by the same server and zone, or the same file", () => {
  const text = (names: object | undefined, folder = "/a") =>
    placeText({ environment: "live", names: names && namesSchema.parse(names) }, (path) => `${folder}/${path}`);
  const dns = { server, zone, key };
  expect(text(dns)).toBe(text({ ...dns, key: { ...key, name: "other" }, public: [] }));
  expect(text(dns)).not.toBe(text({ ...dns, zone: "example.test" }));
  expect(text(dns)).not.toBe(text({ ...dns, server: { address: "192.0.2.54" } }));
  expect(text({ hostsFile: "hosts" })).toBe("file /a/hosts");
  expect(text({ hostsFile: "hosts" }, "/b")).toBe("file /b/hosts");
  expect(text(undefined)).toBeNull();
});

test("without names there is nobody to ask, and it says what to add", () => {
  expect(() => placeOfNames({ environment: "live" })).toThrow(/"live" has no names to move.*docs\/operate\/names.md/);
});

test.each([
  ["10.0.0.1", true],
  ["127.1.2.3", true],
  ["223.255.255.254", true],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["010.0.0.1", false],
  ["10.0.0", false],
  ["10.0.0.1 ", false],
  ["::1", false],
  ["lb-1", false],
])("%s as an address of a server: %s", (text, good) => {
  expect(isServerAddress(text)).toBe(good);
});
