import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { test } from "node:test";
import { type Answer, decode, encode, type Packet, streamEncode } from "dns-packet";
import { after, type Instant, instant, seededRandom } from "#base";
import { Resolver, type ResolverOptions } from "./resolver.ts";

type Reply = Partial<Packet> & { readonly rcode?: number };
type Zone = (question: { name: string; type: string }, via: "udp" | "tcp") => Reply | undefined;

/** A name server on loopback: what its zone doesn't answer stays unanswered. */
class NameServer {
  readonly asked: string[] = [];
  readonly #udp: Socket = createSocket("udp4");
  readonly #tcp: Server = createServer();
  zone: Zone;
  /** Spoils a datagram before it leaves, or sends others first. */
  forge: (bytes: Buffer, send: (bytes: Buffer) => void) => void = (bytes, send) => send(bytes);

  constructor(zone: Zone) {
    this.zone = zone;
  }

  async open(): Promise<{ address: string; port: number }> {
    this.#tcp.listen(0, "127.0.0.1");
    await once(this.#tcp, "listening");
    const { port } = this.#tcp.address() as AddressInfo;
    this.#udp.bind(port, "127.0.0.1");
    await once(this.#udp, "listening");
    this.#udp.on("message", (bytes, { port: to, address }) => {
      const reply = this.#answer(bytes, "udp");
      if (reply) this.forge(encode(reply), (out) => this.#udp.send(out, to, address));
    });
    this.#tcp.on("connection", (socket) => {
      socket.on("data", (bytes) => {
        const reply = this.#answer(bytes.subarray(2), "tcp");
        // In two pieces, as a network may cut it.
        const out = reply && streamEncode(reply);
        if (!out) return;
        socket.write(out.subarray(0, 1), () => socket.write(out.subarray(1)));
      });
    });
    return { address: "127.0.0.1", port };
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }

  #answer(bytes: Buffer, via: "udp" | "tcp"): Packet | undefined {
    const query = decode(bytes);
    const question = query.questions![0]!;
    const { type } = question;
    const name = question.name.toLowerCase();
    this.asked.push(`${via} ${type} ${name}`);
    const reply = this.zone({ name, type }, via);
    if (!reply) return undefined;
    const { rcode = 0, flags = 0, ...rest } = reply;
    return {
      type: "response",
      id: query.id!,
      flags: flags | rcode,
      questions: [question],
      ...rest,
    };
  }
}

const a = (name: string, data: string, ttl = 60): Answer => ({ type: "A", name, data, ttl });

const zoneOf =
  (records: readonly Answer[]): Zone =>
  ({ name, type }) => {
    const answers = records.filter((each) => each.name === name && each.type === type);
    if (answers.length > 0) return { answers };
    return records.some((each) => each.name === name) ? {} : { rcode: 3 };
  };

async function opened(zone: Zone, options: Partial<ResolverOptions> = {}) {
  const server = new NameServer(zone);
  const address = await server.open();
  let now = instant(1_000_000);
  const resolver = new Resolver({
    random: seededRandom(1),
    servers: [address],
    hostsFile: "/nonexistent",
    now: (): Instant => now,
    ...options,
  });
  return {
    server,
    resolver,
    address,
    pass: (ms: number) => {
      now = after(now, ms);
    },
    find: async (host: string, port?: number) => {
      const { targets, why, ttlS } = await resolver.resolve({
        host,
        ...(port !== undefined && { port }),
        secure: false,
        families: [4],
      });
      return {
        addresses: targets.map((each) => `${each.transport} ${each.address} ${each.port}`),
        why,
        ttlS,
      };
    },
    close: () => {
      resolver.close();
      server.close();
    },
  };
}

test("NAPTR, SRV and addresses over real DNS messages", async () => {
  const { find, close } = await opened(
    zoneOf([
      {
        type: "NAPTR",
        name: "example.org",
        ttl: 300,
        data: {
          order: 1,
          preference: 1,
          flags: "s",
          services: "SIP+D2T",
          regexp: "",
          replacement: "_sip._tcp.example.org",
        },
      },
      {
        type: "SRV",
        name: "_sip._tcp.example.org",
        ttl: 40,
        data: { priority: 1, weight: 1, port: 5080, target: "Host.example.org" },
      },
      a("host.example.org", "192.0.2.1", 90),
    ]),
  );
  assert.deepEqual(await find("example.org"), {
    addresses: ["tcp 192.0.2.1 5080"],
    why: undefined,
    ttlS: 40,
  });
  close();
});

test("an answer serves for its time to live, and is asked for once at a time", async () => {
  const { find, server, pass, close } = await opened(zoneOf([a("host", "192.0.2.1", 60)]));
  const both = await Promise.all([find("host", 5060), find("HOST.", 5060)]);
  assert.deepEqual(both[0], both[1]);
  assert.equal(server.asked.length, 1);
  pass(59_500);
  assert.equal((await find("host", 5060)).ttlS, 1);
  assert.equal(server.asked.length, 1);
  pass(1_000);
  await find("host", 5060);
  assert.equal(server.asked.length, 2);
  close();
});

test("that a name doesn't exist is remembered as long as its zone says", async () => {
  const soa: Answer = {
    type: "SOA",
    name: "org",
    ttl: 900,
    data: { mname: "ns", rname: "admin", minimum: 20 },
  };
  const { find, server, pass, close } = await opened(() => ({ rcode: 3, authorities: [soa] }));
  assert.deepEqual(await find("none.org", 5060), { addresses: [], why: "no-such-name", ttlS: 20 });
  pass(19_000);
  await find("none.org", 5060);
  assert.equal(server.asked.length, 1);
  pass(2_000);
  await find("none.org", 5060);
  assert.equal(server.asked.length, 2);
  close();
});

test("what doesn't fit a datagram is fetched over TCP", async () => {
  const records = Array.from({ length: 30 }, (_, i) => a("host", `192.0.2.${i}`));
  const { find, server, close } = await opened((_, via) =>
    via === "udp" ? { flags: 0x200, answers: records.slice(0, 1) } : { answers: records },
  );
  assert.equal((await find("host", 5060)).addresses.length, 30);
  assert.deepEqual(server.asked, ["udp A host", "tcp A host"]);
  close();
});

test("an alias is followed, within the answer or by asking again, but not for ever", async () => {
  const cname = (name: string, data: string, ttl = 60): Answer => ({
    type: "CNAME",
    name,
    data,
    ttl,
  });
  const { find, server, close } = await opened(({ name, type }) => {
    if (name === "here") {
      return {
        answers: [cname("here", "middle", 7), cname("middle", "end"), a("end", "192.0.2.1")],
      };
    }
    if (name === "there") return { answers: [cname("there", "end")] };
    if (name === "end" && type === "A") return { answers: [a("end", "192.0.2.2")] };
    return { answers: [cname(name, name === "loop" ? "pool" : "loop")] };
  });
  assert.deepEqual(await find("here", 1), {
    addresses: ["udp 192.0.2.1 1"],
    why: undefined,
    ttlS: 7,
  });
  assert.deepEqual((await find("there", 1)).addresses, ["udp 192.0.2.2 1"]);
  const before = server.asked.length;
  assert.equal((await find("loop", 1)).why, "no-records");
  assert.equal(server.asked.length - before, 5);
  close();
});

test("forged replies are not believed", async () => {
  const { find, server, close } = await opened(zoneOf([a("host.example.org", "192.0.2.1")]));
  const lie = a("host.example.org", "198.51.100.66");
  server.forge = (bytes, send) => {
    const truth = decode(bytes);
    const { name, type } = truth.questions![0]!;
    const question = { name, type };
    const forged = (changes: Partial<Packet>): Buffer =>
      encode({
        type: "response",
        id: truth.id!,
        questions: [question],
        answers: [lie],
        ...changes,
      });
    send(Buffer.from("not DNS at all"));
    send(forged({ id: (truth.id! + 1) & 0xffff }));
    send(forged({ questions: [{ ...question, name: "other.example.org" }] }));
    send(forged({ questions: [{ ...question, type: "AAAA" }] }));
    send(forged({ questions: [] }));
    send(forged({ type: "query" }));
    send(bytes);
  };
  assert.deepEqual((await find("host.example.org", 1)).addresses, ["udp 192.0.2.1 1"]);
  close();
});

test("a reply with the name in another case is asked for again where it can't be forged", async () => {
  const name = "a-name-long-enough-that-its-case-cannot-be-right-by-chance.example.org";
  const { find, server, close } = await opened((_, via) => ({
    answers: [a(name, via === "udp" ? "198.51.100.66" : "192.0.2.1")],
  }));
  server.forge = (bytes, send) => {
    const { flags: _, ...reply } = decode(bytes);
    const { type } = reply.questions![0]!;
    send(encode({ ...reply, type: "response", questions: [{ name, type }] }));
  };
  assert.deepEqual((await find(name, 1)).addresses, ["udp 192.0.2.1 1"]);
  close();
});

test("a server that is silent, broken or old is not the end", async () => {
  const silent = new NameServer(() => undefined);
  const broken = new NameServer(() => ({ rcode: 2 }));
  const old: NameServer = new NameServer(() =>
    old.asked.length === 1 ? { rcode: 1 } : { answers: [a("host", "192.0.2.1")] },
  );
  const servers = [await silent.open(), await broken.open(), await old.open()];
  const { find, close } = await opened(() => undefined, { servers, timeoutMs: 300 });
  assert.deepEqual((await find("host", 1)).addresses, ["udp 192.0.2.1 1"]);
  assert.deepEqual(
    [silent, broken, old].map(({ asked }) => asked.length),
    [1, 1, 2],
  );
  for (const server of [silent, broken, old]) server.close();
  close();
});

test("while no server answers, the last good answer serves on, and a flood asks once", async () => {
  const { find, server, pass, close } = await opened(zoneOf([a("host", "192.0.2.1", 60)]), {
    timeoutMs: 100,
    attempts: 1,
    staleS: 3600,
  });
  await find("host", 1);
  server.zone = () => undefined;
  pass(61_000);
  assert.deepEqual(await find("host", 1), {
    addresses: ["udp 192.0.2.1 1"],
    why: undefined,
    ttlS: 30,
  });
  assert.deepEqual(await find("other", 1), { addresses: [], why: "timeout", ttlS: 5 });
  const before = server.asked.length;
  await find("other", 1);
  assert.equal(server.asked.length, before);
  pass(3_600_000);
  assert.equal((await find("host", 1)).why, "timeout");
  close();
});

test("names of the machine's own file are not asked for", async () => {
  const { find, server, close } = await opened(() => undefined);
  assert.deepEqual((await find("localhost")).addresses, ["udp 127.0.0.1 5060"]);
  assert.deepEqual((await find("192.0.2.1")).addresses, ["udp 192.0.2.1 5060"]);
  assert.deepEqual(server.asked, []);
  close();
});

test("questions under way are bounded, and end when the resolver is closed", async () => {
  const { find, resolver, close } = await opened(() => undefined, { pendingMax: 1 });
  const first = find("one", 1);
  assert.equal((await find("two", 1)).why, "busy");
  resolver.close();
  assert.equal((await first).why, "closed");
  assert.equal((await find("three", 1)).why, "closed");
  close();
});

test("other servers are asked from the next question on, and the old ones' answers are forgotten", async () => {
  const { find, server, resolver, address, close } = await opened(zoneOf([a("host", "192.0.2.1")]));
  const other = new NameServer(zoneOf([a("host", "192.0.2.2")]));
  await find("host", 1);
  resolver.configure({ servers: [address], timeoutMs: 500 });
  await find("host", 1);
  assert.equal(server.asked.length, 1);
  resolver.configure({ servers: [await other.open()] });
  assert.deepEqual((await find("host", 1)).addresses, ["udp 192.0.2.2 1"]);
  other.close();
  close();
});
