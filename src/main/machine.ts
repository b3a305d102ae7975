import { networkInterfaces } from "node:os";
import type { Card, Machine } from "#settings";

/** The addresses of this machine and the cards that they are on. */
export function thisMachine(): Machine {
  const cards: Card[] = Object.entries(networkInterfaces()).flatMap(([card, addresses = []]) =>
    addresses.map(({ address, cidr }) => ({
      card,
      address,
      prefix: Number(cidr?.split("/")[1] ?? (address.includes(":") ? 128 : 32)),
    })),
  );
  return { addresses: cards.map(({ address }) => address), cards };
}
