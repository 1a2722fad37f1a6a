/**
 * Pieces of TypeScript source as lines: names of properties, texts as literal types, blocks, and
 * comments of the database as JSDoc. Whatever a name or a comment holds, it stays inside its place.
 */

/** A text as a literal on one line: JSON leaves two characters as they are that end lines elsewhere. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** Name as it stands before a colon; quoted unless it is an identifier. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

/** Shape  `['a', 'b']` → `"a" | "b"` */
export function literalUnion(texts: readonly string[]): string {
  return texts.map(quoted).join(' | ')
}

/** Shape  `Row: {`, the lines of its body one step further in, `}` */
export function block(head: string, body: readonly string[]): readonly string[] {
  return [`${head} {`, ...indented(body), '}']
}

/** The members of a part of the schema; a mapped type over nothing where there are none. */
export function namedBlock(name: string, members: readonly string[]): readonly string[] {
  return block(`${name}:`, members.length === 0 ? ['[_ in never]: never'] : members)
}

export function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

/** What a comment of the database says, above what it is about; no lines where there is none. */
export function docLines(comment: string | null): readonly string[] {
  if (comment === null || comment.trim() === '') return []
  const lines = comment
    .trim()
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\n\r\u2028\u2029]/)
  const [only = '', ...others] = lines
  if (others.length === 0) return [`/** ${only} */`]
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */']
}
