/**
 * The JSON text of a token's claims with the resolved role as `role`, for the database. The text
 * stays as it was signed but for that member, so that numbers too big for JavaScript keep their
 * digits.
 */

/** `claims` is the text of a JSON object, known to be one. */
export function claimsWithRole(claims: string, role: string): string {
  const start = claims.indexOf('{') + 1
  const members = claims.slice(start, claims.lastIndexOf('}')).trim()
  const kept = splitMembers(members).filter((member) => nameOf(member) !== 'role')
  return `{${[...kept, `"role":${JSON.stringify(role)}`].join(',')}}`
}

/** The members of an object at its top level, as written. */
function splitMembers(text: string): readonly string[] {
  const members: string[] = []
  let depth = 0
  let start = 0
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]},]/g)) {
    const [sign] = token
    if (sign === '[' || sign === '{') depth += 1
    else if (sign === ']' || sign === '}') depth -= 1
    else if (sign === ',' && depth === 0) {
      members.push(text.slice(start, token.index).trim())
      start = token.index + 1
    }
  }
  const last = text.slice(start).trim()
  return last === '' ? members : [...members, last]
}

function nameOf(member: string): unknown {
  const name = /^"(?:[^"\\]|\\.)*"/.exec(member)?.[0]
  return name === undefined ? undefined : JSON.parse(name)
}
