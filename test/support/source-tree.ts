import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";

/** One import or re-export of a source file. `typeOnly`: erased before it runs. */
export interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

/** One TypeScript file, parsed: what the rules of the architecture look at. */
export interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly tree: ts.SourceFile;
}

export const ROOT = join(import.meta.dirname, "../..");

export function readSources(patterns: readonly string[]): Source[] {
  const paths = globSync([...patterns], { cwd: ROOT }).sort();
  return paths.map((path) => sourceOf(path, readFileSync(join(ROOT, path), "utf8")));
}

export function sourceOf(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true);
  const lineCount = text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
  return { path, text, lineCount, imports: importsOf(tree), tree };
}

/** The `#name` → file table of package.json. */
export function readNames(): ReadonlyMap<string, string> {
  const { imports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  return new Map(Object.entries(imports).map(([name, file]) => [name, posix.normalize(file)]));
}

/** The file that a relative import or a `#name` means; undefined for packages and `node:`. */
export function resolveImport(
  source: Source,
  from: string,
  names: ReadonlyMap<string, string>,
): string | undefined {
  if (from.startsWith("#")) return names.get(from);
  if (from.startsWith(".")) return posix.join(dirname(source.path), from);
  return undefined;
}

export function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}

/** All nodes of a file, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      const from = statement.moduleSpecifier.text;
      found.push({ from, typeOnly: onlyTypes(statement.importClause) });
    } else if (ts.isExportDeclaration(statement) && statement.moduleSpecifier) {
      const from = (statement.moduleSpecifier as ts.StringLiteral).text;
      found.push({ from, typeOnly: statement.isTypeOnly || allTypes(statement.exportClause) });
    }
  }
  for (const node of nodesOf(tree)) {
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword)
      continue;
    const [from] = node.arguments;
    if (from && ts.isStringLiteral(from)) found.push({ from: from.text, typeOnly: false });
  }
  return found;
}

const onlyTypes = (clause: ts.ImportClause | undefined): boolean =>
  clause !== undefined &&
  (clause.phaseModifier === ts.SyntaxKind.TypeKeyword ||
    (clause.name === undefined && allTypes(clause.namedBindings)));

const allTypes = (bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean =>
  bindings !== undefined &&
  (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) &&
  bindings.elements.length > 0 &&
  bindings.elements.every((element) => element.isTypeOnly);
