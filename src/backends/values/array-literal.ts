/**
 * PostgreSQL's array literal, `{"a","b"}`: how lists of values travel as one parameter, and how
 * clients write the lists of quantified operators.
 */

/**
 * Every member is quoted, so that none reads as NULL or as syntax.
 *
 * Shape  ['a', 'b"c', ''] → `{"a","b\"c",""}`
 */
export function toArrayLiteral(members: readonly string[]): string {
  return `{${members.map(quoteMember).join(',')}}`
}

function quoteMember(member: string): string {
  const end = member.indexOf('\0')
  const clean = end === -1 ? member : member.slice(0, end)
  return `"${clean.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/**
 * Members of a one-dimensional literal; an unquoted NULL is null.
 *
 * Shape   `{a,"b c",null}` → ['a', 'b c', null]
 * Errors  null for text that is no such literal
 */
export function parseArrayLiteral(text: string): readonly (string | null)[] | null {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return null
  const inner = trimmed.slice(1, -1)
  if (inner.trim() === '') return []
  const member = /\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^",{}\\]|\\.)+?))\s*(,|$)/suy
  const members: (string | null)[] = []
  for (;;) {
    const found = member.exec(inner)
    if (found === null) return null
    const [, quoted, bare, separator] = found
    const value = (quoted ?? bare ?? '').replace(/\\(.)/gsu, '$1')
    members.push(bare !== undefined && bare.toLowerCase() === 'null' ? null : value)
    if (separator === '') return members
  }
}
