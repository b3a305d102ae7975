import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from "yaml";
import { fieldName, MESSAGES, type SettingError, type Text } from "#settings";

/** No settings are longer; nor is their text read. */
export const FILE_BYTES_MAX = 4 * 1024 * 1024;
const VALUES_MAX = 200_000;
const DEPTH_MAX = 16;

/** What a file holds: plain values, and on which line each field stands. */
export interface SettingsTree {
  readonly kind: "tree";
  readonly value: unknown;
  readonly lines: ReadonlyMap<string, number>;
}

/**
 * Reads YAML. Every scalar stays the text that was written: the schema, not YAML, decides what it
 * means, so that the prefix 0033 keeps its zeros and the password 0x10 stays itself.
 */
export function readYaml(
  source: string,
): SettingsTree | { readonly kind: "errors"; readonly errors: SettingError[] } {
  if (source.length > FILE_BYTES_MAX) {
    return failed([
      tooLarge(text(`at most ${FILE_BYTES_MAX} bytes`, `au plus ${FILE_BYTES_MAX} octets`)),
    ]);
  }
  const counter = new LineCounter();
  const document = parseDocument(source, {
    schema: "failsafe",
    lineCounter: counter,
    prettyErrors: false,
    // "silent" would hide a second document.
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    return failed(
      document.errors.map((error) =>
        yamlFault(error.code, whatIsWrong(error, source), counter.linePos(error.pos[0]).line),
      ),
    );
  }
  const walk: Walk = {
    counter,
    lines: new Map(),
    values: 0,
    faults: [],
    resolve: (node) => node.resolve(document),
  };
  const value = isEmpty(document.contents) ? {} : plain(document.contents as Node, [], walk);
  return walk.faults.length > 0 ? failed(walk.faults) : { kind: "tree", value, lines: walk.lines };
}

const failed = (errors: SettingError[]) => ({ kind: "errors", errors }) as const;

interface Walk {
  readonly counter: LineCounter;
  readonly lines: Map<string, number>;
  readonly faults: SettingError[];
  readonly resolve: (alias: Alias) => Node | undefined;
  values: number;
}

/** A node as objects, lists and texts; what is empty is absent. */
function plain(node: Node, path: readonly PropertyKey[], walk: Walk): unknown {
  const line = walk.counter.linePos((node as ParsedNode).range[0]).line;
  if (!walk.lines.has(fieldName(path))) walk.lines.set(fieldName(path), line);
  if (++walk.values > VALUES_MAX || path.length > DEPTH_MAX) {
    if (walk.faults.length === 0) walk.faults.push(TOO_MUCH);
    return undefined;
  }
  if (isAlias(node)) {
    const target = walk.resolve(node);
    if (!target) walk.faults.push(yamlFault("UNKNOWN_ALIAS", `unknown alias ${node.source}`, line));
    return target && plain(target, path, walk);
  }
  if (isSeq<Node>(node)) return node.items.map((item, i) => plain(item, [...path, i], walk));
  if (!isMap<Node, Node | null>(node)) return isScalar(node) ? String(node.value) : undefined;
  const entries: [string, unknown][] = [];
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : "?";
    const here = [...path, name];
    walk.lines.set(fieldName(here), walk.counter.linePos((key as ParsedNode).range[0]).line);
    if (!isEmpty(value)) entries.push([name, plain(value as Node, here, walk)]);
  }
  return Object.fromEntries(entries);
}

/** Nothing, or a plain scalar without text: `trunks:` with all its lines commented out. */
const isEmpty = (node: unknown): boolean =>
  node === null ||
  node === undefined ||
  (isScalar(node) && node.type === "PLAIN" && /^(?:~|null|)$/.test(node.source ?? ""));

const text = (en: string, fr: string): Text => ({ en, fr });

const YAML: Text = text("YAML 1.2", "YAML 1.2");
const ONE_DOCUMENT: Text = text(
  "one document: the settings of one gateway or element",
  "un seul document : les paramètres d’une passerelle ou d’un élément",
);

function yamlFault(code: string, message: string, line: number): SettingError {
  const several = code === "MULTIPLE_DOCS";
  const why = several ? "several documents" : message.replace(/\s+/g, " ").trim();
  return {
    field: "(file)",
    value: undefined,
    allowed: several ? ONE_DOCUMENT : YAML,
    message: text(`${MESSAGES.syntax.en} (${why})`, `${MESSAGES.syntax.fr} (${why})`),
    line,
  };
}

/** Which key it is that stands twice, the reader doesn't say. */
function whatIsWrong({ code, message, pos }: YAMLError, source: string): string {
  if (code !== "DUPLICATE_KEY") return message;
  const key = /^[^\s:]{1,64}/.exec(source.slice(pos[0]))?.[0] ?? "a key";
  return `${key} stands twice`;
}

const tooLarge = (allowed: Text): SettingError => ({
  field: "(file)",
  value: undefined,
  allowed,
  message: text("too large", "trop volumineux"),
});

const TOO_MUCH = tooLarge(
  text(
    `at most ${VALUES_MAX} values, ${DEPTH_MAX} levels deep`,
    `au plus ${VALUES_MAX} valeurs, sur ${DEPTH_MAX} niveaux`,
  ),
);
