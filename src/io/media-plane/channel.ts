import { connect, Socket, type SocketConstructorOpts } from "node:net";
import { ChurnMap } from "#base";
import type { MediaCommand, Stream, StreamCounters } from "#media";
import { CommandFrames, EVERY_STREAM, EventFrames } from "./frames.ts";
import { type MediaListener, noCounters } from "./media-plane.ts";
import type { Hello, PlaneWord } from "./plane-word.ts";

const READ_BYTES = 64 * 1024;
/** The plane's own limit (native/src/plane.h). */
const STREAMS_MAX = 65_536;

type Onread = SocketConstructorOpts["onread"];

/** The control socket of a plane of our own, by its descriptor. */
export const inherited =
  (fd: number) =>
  (onread: Onread): Socket =>
    new Socket({ fd, readable: true, writable: true, ...(onread && { onread }) });

/** The control socket of a plane that has outlived its gateway, by its path. */
export const found =
  (path: string) =>
  (onread: Onread): Socket =>
    connect({ path, ...(onread && { onread }) });

/** A plane that leaves so much unread is gone in all but name: 30,000 streams' commands. */
const UNREAD_BYTES_MAX = 32 * 1024 * 1024;

/** A question for counters, and what has come so far. */
interface Question {
  readonly found: StreamCounters[];
  readonly answer: (counters: StreamCounters[]) => void;
}

/**
 * Our end of one plane's control socket: gives streams numbers, and sends what is performed in
 * one turn of the event loop as one write.
 */
export class Channel {
  /** Settles when the plane has said hello, and what streams it has; or has gone without. */
  readonly ready: Promise<Hello>;
  /** Resolves when the socket has closed, whoever closed it. */
  readonly ended: Promise<void>;

  readonly #socket: Socket;
  readonly #listener: MediaListener;
  readonly #commands = new CommandFrames();
  readonly #events = new EventFrames();
  readonly #slots = new ChurnMap<string, number>();
  /** The id of each number in use; a closing stream keeps its until the plane says it's closed. */
  readonly #ids: (string | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #closing = new Set<number>();
  readonly #questions = new ChurnMap<number, Question>();
  /** What has come of a batch. */
  #figures: StreamCounters[] = [];
  #lastQuestion = 0;
  #flushing: NodeJS.Immediate | undefined;
  #hello: Hello | undefined;
  #greeted: (hello: Hello) => void = () => {};
  #refused: (error: Error) => void = () => {};

  constructor(open: (onread: Onread) => Socket, listener: MediaListener) {
    this.#listener = listener;
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length: number, buffer: Uint8Array) => {
        this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    };
    this.#socket = open(onread);
    this.ended = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      this.#greeted = resolve;
      this.#refused = reject;
      this.#socket.once("close", () => reject(new Error("the media plane didn't start")));
    });
    this.ready.catch(() => {});
    // A broken pipe is no more than an end: `close` follows.
    this.#socket.on("error", (error) => this.#refused(error));
    this.#socket.once("close", () => this.#abandon());
  }

  perform(command: MediaCommand): void {
    switch (command.kind) {
      case "stream":
        return this.#open(command.stream);
      case "close":
        return this.#close(command.id);
      case "figures":
        this.#commands.figures(command.everyS);
        return this.#flushSoon();
      case "kernel":
        this.#commands.kernel(command.isOn);
        return this.#flushSoon();
      default:
        command satisfies never;
    }
  }

  counters(ids?: readonly string[]): Promise<StreamCounters[]> {
    return new Promise((answer) => {
      if (this.#socket.destroyed) {
        answer([]);
        return;
      }
      for (const slot of ids ? this.#slotsOf(ids) : [EVERY_STREAM]) this.#commands.counters(slot);
      this.#lastQuestion = (this.#lastQuestion + 1) >>> 0;
      this.#questions.set(this.#lastQuestion, { found: [], answer });
      this.#commands.fence(this.#lastQuestion);
      this.#flushSoon();
    });
  }

  /** The streams that it has, by their ids. */
  get streams(): string[] {
    return [...this.#slots.keys()];
  }

  /** How long its streams go on when we go without a word; 0: not at all. */
  outlive(forS: number): void {
    this.#commands.outlive(forS);
    this.#flushSoon();
  }

  /** Goes without a word. */
  leave(): void {
    this.#socket.destroy();
  }

  /** Moves the clock of a plane whose clock is manual. */
  advance(ms: number): void {
    this.#commands.advance(ms);
    this.#flushSoon();
  }

  /** Ends the plane by ending its control socket. */
  close(): Promise<void> {
    this.#commands.outlive(0);
    this.#flush();
    this.#socket.end();
    return this.ended;
  }

  #open(stream: Stream): void {
    const slot = this.#slots.get(stream.id) ?? this.#number(stream.id);
    if (slot === undefined) {
      this.#tell({ kind: "failed", id: stream.id, why: "too-many-streams" });
      return;
    }
    this.#commands.stream(slot, stream);
    this.#flushSoon();
  }

  #close(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined || this.#socket.destroyed) {
      this.#tell({ kind: "closed", counters: noCounters(id) });
      return;
    }
    this.#slots.delete(id);
    this.#closing.add(slot);
    this.#commands.close(slot);
    this.#flushSoon();
  }

  #number(id: string): number | undefined {
    const slot = this.#freeSlots.pop() ?? this.#ids.length;
    if (slot >= STREAMS_MAX) return undefined;
    this.#ids[slot] = id;
    this.#slots.set(id, slot);
    return slot;
  }

  #slotsOf(ids: readonly string[]): number[] {
    return ids.flatMap((id) => this.#slots.get(id) ?? []);
  }

  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    if (this.#commands.empty) return;
    const frames = this.#commands.take();
    if (this.#socket.writable) this.#socket.write(frames);
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    for (const word of this.#words(bytes)) this.#take(word);
  }

  #words(bytes: Buffer): PlaneWord[] {
    try {
      return this.#events.read(bytes);
    } catch (error) {
      // It speaks another language: there is nothing to be said to it.
      this.#refused(error as Error);
      this.#socket.destroy();
      return [];
    }
  }

  #take(word: PlaneWord): void {
    switch (word.kind) {
      case "hello":
        this.#hello = word;
        return this.#greet();
      case "inventory":
        this.#ids[word.slot] = word.id;
        this.#slots.set(word.id, word.slot);
        return this.#greet();
      case "fence":
        this.#answer(word.number);
        return;
      case "counters": {
        const [question] = this.#questions.values();
        const id = this.#ids[word.slot];
        if (id !== undefined) question?.found.push(word.of(id));
        return;
      }
      case "figures":
        this.#collect(word);
        return;
      case "event": {
        const id = this.#ids[word.slot];
        if (word.final) this.#free(word.slot);
        if (id !== undefined) this.#listener(word.of(id));
        return;
      }
      default:
        word satisfies never;
    }
  }

  #greet(): void {
    if (!this.#hello || this.#slots.size < this.#hello.streams) return;
    for (let slot = 0; slot < this.#ids.length; slot++) {
      if (this.#ids[slot] === undefined) this.#freeSlots.push(slot);
    }
    this.#greeted(this.#hello);
  }

  /** Ids are looked up part by part: a number may be another stream's by the last of them. */
  #collect({ streams, isLast }: Extract<PlaneWord, { kind: "figures" }>): void {
    for (const { slot, of } of streams) {
      const id = this.#ids[slot];
      if (id !== undefined) this.#figures.push(of(id));
    }
    if (!isLast) return;
    const batch = this.#figures;
    this.#figures = [];
    if (batch.length > 0) this.#listener({ kind: "figures", streams: batch });
  }

  #answer(number: number): void {
    const question = this.#questions.get(number);
    this.#questions.delete(number);
    question?.answer(question.found);
  }

  #free(slot: number): void {
    this.#ids[slot] = undefined;
    this.#closing.delete(slot);
    this.#freeSlots.push(slot);
  }

  /** The plane is gone: whoever waits for it is told. */
  #abandon(): void {
    for (const slot of this.#closing) {
      const id = this.#ids[slot];
      if (id !== undefined) this.#listener({ kind: "closed", counters: noCounters(id) });
    }
    this.#closing.clear();
    for (const number of [...this.#questions.keys()]) this.#answer(number);
  }

  #tell(event: Parameters<MediaListener>[0]): void {
    queueMicrotask(() => this.#listener(event));
  }
}
