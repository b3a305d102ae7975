import { describeFields, type FieldRow } from "./fields.ts";

const INTRODUCTION = `# Settings

This page is made from the schema: \`passerelle settings > docs/operating/settings.md\`.

One YAML file holds all settings of one gateway. \`passerelle preset 1…5\` prints a file to begin
with; \`passerelle check FILE\` names everything that is wrong with one; \`passerelle run --settings
FILE\` runs it, and reads it again on SIGHUP. A file is applied whole or not at all: while it has an
error, the running settings stay. Calls in progress keep the settings that they began with.

Numbers and passwords need no quotes: \`prefix: 0033\` and \`prepend: +33\` keep every character. A
setting without a value is as good as absent. An unknown setting is an error.

| Address | Setting | What it is |
| --- | --- | --- |
| IP1 | \`advertised\` | What the far end uses to reach the gateway, where the firewall maps it (\`publicNat\`) |
| IP2 | \`publicLocal\` | The address of this machine that public traffic comes to |
| IP3 | \`privateLocal\` | The address of this machine that the PBX's traffic comes to |
| IP4 | \`pbxReached\` | Where the gateway really reaches the PBX, where it is mapped (\`privateNat\`) |
| IP5 | \`pbx\` | The PBX |

Not available yet, and refused by name: \`ottSupport\`, \`mutualTls\`. The chained modes are valid, but don't run yet.
`;

/** The documentation of every setting, in Markdown. */
export function settingsPage(): string {
  const rows = describeFields();
  const general = rows.filter(({ depth, kind }) => depth === 0 && kind === "field");
  const sections = rows.filter(({ depth, kind }) => depth === 0 && kind !== "field");
  const parts = sections.map((section) => {
    const inner = rows.filter(
      ({ field }) =>
        field.startsWith(`${section.field}.`) || field.startsWith(`${section.field}[]`),
    );
    return sectionText(section, inner);
  });
  return [INTRODUCTION, "## General\n", table(general), ...parts].join("\n");
}

function sectionText(section: FieldRow, inner: readonly FieldRow[]): string {
  const { field, facts, required } = section;
  const label = facts ? `${facts.label.en} · ${facts.label.fr}. ${facts.description}\n\n` : "";
  return `## ${field}${required ? " (required)" : ""}\n\n${label}${table(inner.length === 0 ? [section] : inner)}`;
}

const HEAD =
  "| Setting | Default | Allowed | Meaning | Libellé |\n| --- | --- | --- | --- | --- |\n";

const table = (rows: readonly FieldRow[]): string => HEAD + rows.map(line).join("");

function line({ field, kind, preset, required, facts, element }: FieldRow): string {
  const value = preset === undefined ? (required ? "required" : "–") : `\`${preset}\``;
  const see = facts?.see === undefined ? "" : ` (${facts.see})`;
  const meaning = `${facts?.label.en ?? ""}: ${facts?.description ?? ""}${see}`;
  const allowed =
    facts?.allowed?.en ?? element?.allowed?.en ?? (kind === "group" ? "a group" : "a list");
  const cells = [`\`${field}\``, value, allowed, meaning, facts?.label.fr ?? ""];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}
