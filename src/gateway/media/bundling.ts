import { hasAttribute, type MediaSection, type Sdp } from "#sdp";
import { bundledNames, fillsIn, midIdOf, nameOf, ssrcsOf } from "./bundle.ts";
import type { OfferedLine } from "./call-media-state.ts";
import type { BundledEnd, Format, Role, Stream, StreamEnd } from "./command.ts";
import type { JudgedLine } from "./judge.ts";
import { refusal } from "./media-facts.ts";
import { withBundle, withTransport } from "./stream.ts";

// Which lines of an offer go by one port of ours (RFC 9143), and what they have in common there.

/** A line of an offer that is taken into a bundle on the offerer's leg. */
export interface BundleSeat {
  /** In the offer's group: the first that is accepted has the transport of all. */
  readonly place: number;
  /** It has no transport of its own to offer (a=bundle-only). */
  readonly isOnly: boolean;
  readonly end: BundledEnd;
}

/** What a line is to the bundle of its offer; undefined where it is in none. */
export type BundleSeats = readonly (BundleSeat | undefined)[];

type FormerStreams = readonly { readonly stream?: Stream }[];

/**
 * The lines of an offer that its bundle is accepted for. A line stays out whose keys stand in the
 * description, since each has its own there; that has a transport of its own from before; or whose
 * packets couldn't be told from another's: we can't number them anew behind a peer's back.
 */
export function seatsInBundle(
  sdp: Sdp,
  judged: readonly JudgedLine[],
  former: FormerStreams,
  from: Role,
): BundleSeats {
  const seats: (BundleSeat | undefined)[] = sdp.media.map(() => undefined);
  const names = bundledNames(sdp);
  const at = names.map((mid) => sdp.media.findIndex((one) => nameOf(sdp, one)?.mid === mid));
  const taken = new Map<number, Format>();
  for (const [place, i] of at.entries()) {
    const section = sdp.media[i];
    const one = judged[i];
    const before = former[i]?.stream;
    const isFree = section && one && isBundlable(one) && (!before || before.ends[from].bundle);
    const mid = names[place]!;
    const midId = section ? midIdOf(section, mid) : 0;
    if (isFree && claims(one.formats, taken, midId !== 0)) {
      const isOnly = !before && hasAttribute(section.lines, "bundle-only");
      seats[i] = { place, isOnly, end: { mid, midId, ssrcs: ssrcsOf(section) } };
    } else if (place === 0) return seats;
  }
  return seats;
}

/** What was offered for a bundle alone is refused where it isn't in one. */
export const judgedInBundle = (
  sdp: Sdp,
  judged: readonly JudgedLine[],
  seats: BundleSeats,
): readonly JudgedLine[] =>
  judged.map((one, i) =>
    one.shape && !seats[i] && hasAttribute(sdp.media[i]!.lines, "bundle-only")
      ? { remote: {}, held: false, mux: false, formats: [], refused: BUNDLE_ONLY }
      : one,
  );

const BUNDLE_ONLY = refusal("media-not-allowed", "bundle-only");

const isBundlable = ({ shape, mux, protection }: JudgedLine): boolean =>
  shape?.kind === "rtp" && mux && !(protection && "key" in protection);

/** Whether packets of these formats can be told from those of the lines before. */
function claims(formats: readonly Format[], taken: Map<number, Format>, isNamed: boolean): boolean {
  for (const format of formats) {
    const other = taken.get(format.payloadType);
    // One number for two codecs is forbidden, names or not (RFC 9143 §9.1).
    const isSame = other?.encoding === format.encoding && other.clockHz === format.clockHz;
    if (other && !(isNamed && isSame)) return false;
  }
  for (const format of formats) taken.set(format.payloadType, format);
  return true;
}

/** An offer's lines with the transport of the first in their bundle. */
export function bundledAsOffered(lines: readonly OfferedLine[], from: Role): OfferedLine[] {
  const tag = lines.find(({ seat, stream }) => seat?.place === 0 && stream);
  const former = lines.find(({ seat, fresh, told }) => seat && !fresh && told)?.told;
  return lines.map((line) => {
    if (!tag?.stream || !line.seat || !line.stream) return line;
    const own = line.stream.ends[from];
    const named = withBundle(line.stream, from, line.seat.end);
    const stream = withTransport(named, from, tag.stream.ends[from], line.held);
    // Who joins a bundle that lives on mustn't change it before there is an answer.
    const before = former ? withTransport(stream, from, former.ends[from], line.held) : stream;
    const remote = line.held ? line.remote : tag.remote;
    return { ...line, own, remote, stream, told: line.fresh ? before : line.told! };
  });
}

/**
 * The lines that we offer to bundle, each with a transport of its own, so that who declines has
 * that (RFC 9143 §7.2).
 */
export function bundleAsked(
  lines: readonly OfferedLine[],
  to: Role,
  mids: readonly (string | undefined)[],
  midId: number,
): OfferedLine[] {
  const taken = new Map<number, Format>();
  const mayBundle = ({ stream, security, fresh }: OfferedLine): boolean =>
    stream?.kind === "rtp" &&
    security?.dtls === true &&
    stream.ends[to].ice !== undefined &&
    (fresh || stream.ends[to].bundle !== undefined);
  return lines.map((line, i) => {
    const { stream } = line;
    if (!stream || !mayBundle(line)) return line;
    const formats = stream.ends[to === "caller" ? "callee" : "caller"].formats ?? [];
    if (!claims(formats, taken, true)) return line;
    const former = stream.ends[to].bundle;
    const asked = former ?? { mid: mids[i] ?? `${i}`, midId, ssrcs: [] };
    const bundled = withBundle(stream, to, asked);
    return { ...line, asked, stream: bundled, ...(line.fresh && { told: bundled }) };
  });
}

/** The lines after an answer: whoever goes by a bundle has the transport of its first line. */
export function bundledAsAnswered(
  lines: readonly OfferedLine[],
  sdp: Sdp,
  from: Role,
): OfferedLine[] {
  const offerer = from === "caller" ? "callee" : "caller";
  return withOfferersBundle(withAnswerersBundle(lines, sdp, from), offerer, from);
}

function withAnswerersBundle(lines: readonly OfferedLine[], sdp: Sdp, from: Role): OfferedLine[] {
  const names = bundledNames(sdp);
  const isIn = ({ asked, accepted }: OfferedLine): boolean =>
    accepted && asked !== undefined && names.includes(asked.mid);
  const tag = names
    .map((mid) => lines.find((line) => isIn(line) && line.asked?.mid === mid))
    .find((line) => line);
  const shared = lines.find((line) => isIn(line) && !line.fresh) ?? tag;
  return lines.map((line, i) => {
    const { asked, stream } = line;
    if (!asked || !stream) return line;
    const end = stream.ends[from];
    if (!tag?.stream || !shared?.stream || !isIn(line)) {
      // Who was in the bundle has no other transport.
      return line.fresh ? { ...line, stream: withBundle(stream, from, undefined) } : line;
    }
    const section = sdp.media[i]!;
    const midId = asked.midId === 0 ? 0 : midIdOf(section, asked.mid);
    const bundle = { ...asked, midId, ssrcs: ssrcsOf(section) };
    const { port } = shared.stream.ends[from];
    const own =
      end.port === port ? {} : { own: { port: end.port, ...(end.ice && { ice: end.ice }) } };
    const named = withBundle(stream, from, { ...bundle, ...own });
    const isHeld = end.remoteAddress === undefined;
    const { ice } = shared.stream.ends[from];
    const pair = tag.stream.ends[from];
    const common: StreamEnd = {
      ...pair,
      port,
      rtcpPort: port,
      ...(ice && {
        ice: { ...ice, ...(pair.ice?.remoteUfrag && { remoteUfrag: pair.ice.remoteUfrag }) },
      }),
    };
    return { ...line, stream: withTransport(named, from, common, isHeld) };
  });
}

function withOfferersBundle(
  lines: readonly OfferedLine[],
  offerer: Role,
  from: Role,
): OfferedLine[] {
  const taken = new Map<number, Format>();
  const answered = lines.map((line): OfferedLine => {
    if (!line.seat || !line.stream || !line.accepted) return line;
    // An answer may number its codecs as it likes, and a bundle can't have that.
    const isTold = claims(line.stream.ends[from].formats ?? [], taken, line.seat.end.midId !== 0);
    return isTold ? line : { ...line, accepted: false };
  });
  const inBundle = answered.filter(({ seat, accepted, stream }) => seat && accepted && stream);
  const tag = inBundle
    .filter(({ seat }) => !seat?.isOnly)
    .sort((a, b) => a.seat!.place - b.seat!.place)[0];
  if (tag?.seat?.place === 0) return answered;
  return answered.map((line) => {
    if (!line.seat || !line.stream || !line.accepted) return line;
    // None is left that has a transport for it (RFC 9143 §7.3.1).
    if (!tag?.own) return { ...line, accepted: false };
    const { ice } = line.stream.ends[offerer];
    const { remoteUfrag } = tag.own.ice ?? {};
    const common = {
      ...tag.own,
      ...(ice && { ice: { ...ice, ...(remoteUfrag && { remoteUfrag }) } }),
    };
    return { ...line, stream: withTransport(line.stream, offerer, common, line.held) };
  });
}

/** A description whose bundled lines say for themselves what only the first need say for all. */
export function spelledOut(sdp: Sdp): Sdp {
  const names = bundledNames(sdp);
  const nameIn = (one: MediaSection): string | undefined => nameOf(sdp, one)?.mid;
  const tag = sdp.media.find((one) => nameIn(one) === names[0]);
  if (names.length < 2 || !tag) return sdp;
  const media = sdp.media.map((one) => {
    const mid = nameIn(one);
    return one === tag || mid === undefined || !names.includes(mid) ? one : fillsIn(one, tag);
  });
  return { session: sdp.session, media };
}
