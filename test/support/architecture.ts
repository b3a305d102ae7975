import { dirname, posix } from "node:path";
import ts from "typescript";
import { lineOf, nodesOf, resolveImport, type Source } from "./source-tree.ts";

// The rules of ARCHITECTURE.md and CONTRIBUTING.md, each a function from sources to complaints.

export type Names = ReadonlyMap<string, string>;

/**
 * The folders from left to right: an import goes to a folder further left, or stays home. Folders
 * of one row are siblings and don't know one another.
 */
const LAYERS: readonly (readonly string[])[] = [
  ["src/base"],
  ["src/protocol/sip/message", "src/protocol/sdp"],
  ["src/protocol/sip/transactions"],
  ["src/protocol/sip"],
  ["src/gateway/settings"],
  ["src/gateway/security", "src/gateway/admission", "src/gateway/routing", "src/gateway/media"],
  ["src/gateway/registrations", "src/gateway/calls"],
  ["src/gateway"],
  [
    "src/io/sip-sockets",
    "src/io/resolver",
    "src/io/media-plane",
    "src/io/store",
    "src/io/certificates",
    "src/io/store",
    "src/io/firewall",
    "src/io/observe",
  ],
  ["src/io"],
  ["src/http/admin", "src/http/relay", "src/http/provisioning"],
  ["src/http"],
  ["src/main"],
];

const FOLDERS = new Map(
  LAYERS.flatMap((row, layer) => row.map((folder) => [folder, layer] as const)),
);

const PURE_RINGS = ["src/base/", "src/protocol/", "src/gateway/"];

const isPure = (path: string): boolean => PURE_RINGS.some((ring) => path.startsWith(ring));

const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** The folder of LAYERS that a file belongs to: the deepest that contains it. */
function folderOf(path: string): string | undefined {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    if (FOLDERS.has(folder)) return folder;
  }
  return undefined;
}

/** A file right in an outer folder of the same ring, as `#ends`: the words that all in it share. */
function isOuterVocabulary(importer: string, target: string): boolean {
  const outer = dirname(target);
  return (
    outer.split("/").length >= 2 &&
    importer.startsWith(`${outer}/`) &&
    posix.basename(target) !== "index.ts"
  );
}

export function unknownFolders(sources: readonly Source[]): string[] {
  return sources
    .filter((source) => folderOf(source.path) === undefined)
    .map((source) => `${source.path} is in no known ring`);
}

export function importsToTheRight(sources: readonly Source[], names: Names): string[] {
  return eachImport(sources, names, (source, target) => {
    const [home, there] = [folderOf(source.path), folderOf(target)];
    if (home === undefined || there === undefined || home === there) return false;
    if (isOuterVocabulary(source.path, target)) return false;
    return FOLDERS.get(there)! >= FOLDERS.get(home)!;
  });
}

/** `./` stays home, `#` crosses a border, and neither goes the other's way. */
export function deepImports(sources: readonly Source[], names: Names): string[] {
  return eachImport(sources, names, (source, target, from) => {
    const atHome = folderOf(source.path) === folderOf(target);
    if (from.startsWith("#")) return atHome && target.endsWith("/index.ts");
    return !atHome && !isOuterVocabulary(source.path, target);
  });
}

export function importsWithoutExtension(sources: readonly Source[]): string[] {
  return eachImportOf(sources, (_, from) => from.startsWith(".") && !/\.(ts|json)$/.test(from));
}

function eachImport(
  sources: readonly Source[],
  names: Names,
  isBad: (source: Source, target: string, from: string) => boolean,
): string[] {
  return eachImportOf(sources, (source, from) => {
    const target = resolveImport(source, from, names);
    return target !== undefined && isBad(source, target, from);
  });
}

const eachImportOf = (
  sources: readonly Source[],
  isBad: (source: Source, from: string) => boolean,
): string[] =>
  sources.flatMap((source) =>
    source.imports
      .filter(({ from }) => isBad(source, from))
      .map(({ from }) => `${source.path} imports ${from}`),
  );

/** Files that need one another to load; types are erased and don't count. */
export function importCycles(sources: readonly Source[], names: Names): string[] {
  const edges = new Map<string, string[]>();
  for (const source of sources) {
    const values = source.imports.filter((entry) => !entry.typeOnly);
    const targets = values.map(({ from }) => resolveImport(source, from, names));
    edges.set(
      source.path,
      targets.filter((target) => target !== undefined),
    );
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** Packages that a pure folder may use: the schema library, in settings only. */
export function foreignImportsInPureRings(sources: readonly Source[]): string[] {
  const pure = sources.filter((source) => isPure(source.path) && !isTest(source.path));
  return eachImportOf(pure, (source, from) => {
    if (/^[.#]/.test(from)) return false;
    return !(from === "zod" && folderOf(source.path) === "src/gateway/settings");
  });
}

const WORLDLY_NAMES = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "performance",
  "process",
  "crypto",
  "fetch",
  "console",
  "Promise",
]);

const WORLDLY_MEMBERS = new Set(["Date.now", "Math.random"]);

/** No clock, chance, async or world: what a pure file may not even name. */
export function worldInPureRings(sources: readonly Source[]): string[] {
  const pure = sources.filter((source) => isPure(source.path) && !isTest(source.path));
  return complaints(pure, (node, source) => {
    if (ts.isAwaitExpression(node)) return "await";
    if (node.kind === ts.SyntaxKind.AsyncKeyword) return "async";
    if (
      ts.isNewExpression(node) &&
      node.expression.getText() === "Date" &&
      !node.arguments?.length
    ) {
      return "new Date()";
    }
    if (ts.isPropertyAccessExpression(node) && WORLDLY_MEMBERS.has(node.getText()))
      return node.getText();
    if (!ts.isIdentifier(node) || !WORLDLY_NAMES.has(node.text)) return undefined;
    return isReference(node) && !declaredNames(source).has(node.text) ? node.text : undefined;
  });
}

/** The variables and parameters of a file: a `crypto` of its own is not the world's. */
function declaredNames({ tree }: Source): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodesOf(tree)) {
    const declares =
      ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
    if (declares && ts.isIdentifier(node.name)) names.add(node.name.text);
  }
  return names;
}

/** An identifier that means a variable, not a property, a key or a part of a declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  const named = parent as { name?: ts.Node; propertyName?: ts.Node };
  return named.name !== node && named.propertyName !== node;
}

/** The root of the media plane's own process: its arguments are all that it is told. */
const PLANE_ROOT = "src/io/media-plane/host.ts";

/** Only the composition roots read the environment and the arguments, and end the process. */
export function environmentReaders(sources: readonly Source[]): string[] {
  const others = sources.filter(
    ({ path }) => !path.startsWith("src/main/") && path !== PLANE_ROOT && !isTest(path),
  );
  return complaints(others, (node) => {
    const text = ts.isPropertyAccessExpression(node) ? node.getText() : "";
    return /^process\.(env|argv|exit)$/.test(text) ? text : undefined;
  });
}

export function logWriters(sources: readonly Source[]): string[] {
  const others = sources.filter(
    ({ path }) =>
      !path.startsWith("src/main/") &&
      !path.startsWith("src/io/observe/") &&
      path !== PLANE_ROOT &&
      !isTest(path),
  );
  return complaints(others, (node) =>
    ts.isIdentifier(node) && node.text === "console" && isReference(node) ? "console" : undefined,
  );
}

export function defaultExports(sources: readonly Source[]): string[] {
  return complaints(sources, (node) =>
    ts.isExportAssignment(node) ||
    (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent))
      ? "a default export"
      : undefined,
  );
}

export function longFunctions(sources: readonly Source[], lineMax: number): string[] {
  return complaints(sources, (node, source) => {
    if (!ts.isFunctionLike(node) || !(node as { body?: ts.Node }).body) return undefined;
    const first = lineOf(source, node);
    const last = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    return last - first + 1 > lineMax ? `a function of ${last - first + 1} lines` : undefined;
  });
}

/** `exempt` is a ratchet: a file in it may not grow, and leaves it once it is short enough. */
export function longFiles(
  sources: readonly Source[],
  lineMax: number,
  exempt: Readonly<Record<string, number>>,
): string[] {
  const lengths = new Map(sources.map(({ path, lineCount }) => [path, lineCount]));
  const grown = [...lengths].filter(([path, lines]) => lines > (exempt[path] ?? lineMax));
  const needless = Object.keys(exempt).filter((path) => (lengths.get(path) ?? 0) <= lineMax);
  return [
    ...grown.map(
      ([path, lines]) => `${path} has ${lines} lines, at most ${exempt[path] ?? lineMax}`,
    ),
    ...needless.map((path) => `${path} needs no exemption any more`),
  ];
}

/** A face only re-exports. */
export function fatFaces(sources: readonly Source[], lineMax: number): string[] {
  const faces = sources.filter(({ path }) => path.endsWith("/index.ts"));
  const long = faces.filter((face) => face.lineCount > lineMax);
  const busy = faces.filter(({ tree }) =>
    tree.statements.some(
      (line) => !ts.isExportDeclaration(line) || line.moduleSpecifier === undefined,
    ),
  );
  return [
    ...long.map((face) => `${face.path} has ${face.lineCount} lines, at most ${lineMax}`),
    ...busy.map((face) => `${face.path} does more than re-export`),
  ];
}

export function missingFaces(sources: readonly Source[]): string[] {
  const paths = new Set(sources.map(({ path }) => path));
  const folders = new Set(sources.map(({ path }) => folderOf(path)));
  // The composition root is run, never imported.
  folders.delete("src/main");
  return [...folders]
    .filter((folder) => folder !== undefined && !paths.has(`${folder}/index.ts`))
    .map((folder) => `${folder} has no index.ts`);
}

const BANNED_FILE =
  /(^|\/)(utils?|helpers?|common|misc|types|manager|service|handler)(\.|\/|$)|-(manager|service|handler|utils?|helpers?)\./;
const BANNED_NAME = /(Manager|Service|Handler|Helper|Utils?)$|^(Session|Connection|Context)$/;
/** The c= line of a session description is a "connection" in its RFC (RFC 8866 §5.7). */
const GRANTED_NAMES = new Set(["src/protocol/sdp/connection.ts Connection"]);

export function bannedNames(sources: readonly Source[]): string[] {
  const files = sources
    .filter(({ path }) => BANNED_FILE.test(path) || !/^[a-z0-9./-]+$/.test(path))
    .map(({ path }) => `${path}: a file is named by a kebab-case noun that says what it decides`);
  const names = complaints(sources, (node, source) => {
    const declared =
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node);
    const name = declared ? (node.name?.text ?? "") : "";
    if (!BANNED_NAME.test(name) || GRANTED_NAMES.has(`${source.path} ${name}`)) return undefined;
    return `the name ${name}`;
  });
  return [...files, ...names];
}

/** Work left undone belongs in an issue: `TODO(#12)` at most. */
export function openEnds(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) => {
      const mark = /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b(?!\(#\d+\))/.exec(line);
      return mark ? [`${path}:${at + 1}: ${mark[0]}`] : [];
    }),
  );
}

function complaints(
  sources: readonly Source[],
  complaint: (node: ts.Node, source: Source) => string | undefined,
): string[] {
  return sources.flatMap((source) => {
    const found: string[] = [];
    for (const node of nodesOf(source.tree)) {
      const what = complaint(node, source);
      if (what !== undefined) found.push(`${source.path}:${lineOf(source, node)}: ${what}`);
    }
    return found;
  });
}
