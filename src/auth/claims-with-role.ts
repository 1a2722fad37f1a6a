/**
 * The JSON text of a token's claims with the resolved role as `role`, for the database. The text
 * stays as it was signed but for that member, so that numbers too big for JavaScript keep their
 * digits.
 */

/** `claims` is the text of a JSON object, known to be one. */
export function claimsWithRole(claims: string, role: string): string {
  const kept = membersBeside(claims.slice(claims.indexOf('{') + 1, claims.lastIndexOf('}')))
  return `{${kept}"role":${JSON.stringify(role)}}`
}

/** The members of an object but `role`, as written, each with a comma behind it. */
function membersBeside(text: string): string {
  let kept = ''
  let depth = 0
  let start = 0
  for (let at = 0; at <= text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        break
      case '[':
      case '{':
        depth += 1
        break
      case ']':
      case '}':
        depth -= 1
        break
      case ',':
      case undefined: {
        if (depth > 0) break
        const member = text.slice(start, at).trim()
        if (member !== '' && !isRole(member)) kept += `${member},`
        start = at + 1
        break
      }
    }
  }
  return kept
}

/** Where the string that begins at `start` has its last quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"' && at < text.length) at += text[at] === '\\' ? 2 : 1
  return at
}

function isRole(member: string): boolean {
  const name = member.slice(0, endOfString(member, 0) + 1)
  return name === '"role"' || (name.includes('\\') && JSON.parse(name) === 'role')
}
