/**
 * Splits JSON text one level deep, without parsing what is inside: numbers keep all their digits,
 * and documents stay as they were sent.
 */

const quote = 0x22
const backslash = 0x5c

/** Where the string ends that begins at `start`: behind its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === backslash) at += 1
    else if (code === quote) return at + 1
  }
  return text.length
}

/** Where the value ends that begins at `start`, blanks behind it included. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at) - 1
        break
      case '{':
      case '[':
        depth += 1
        break
      case '}':
      case ']':
        if (depth === 0) return at
        depth -= 1
        break
      case ',':
        if (depth === 0) return at
        break
    }
  }
  return text.length
}

function skipBlanks(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at += 1
  return at
}

/** `json` is a JSON string, its quotes included. */
export function textOfJsonString(json: string): string {
  return json.includes('\\') ? String(JSON.parse(json)) : json.slice(1, -1)
}

/**
 * The members of an object, each as JSON text; of a key that is there twice the last. Null where
 * the text is no object.
 *
 * Rule  the text is known to be JSON
 */
export function jsonMembers(text: string): ReadonlyMap<string, string> | null {
  let at = skipBlanks(text, 0)
  if (text[at] !== '{') return null
  const members = new Map<string, string>()
  at = skipBlanks(text, at + 1)
  while (text[at] === '"') {
    const keyEnd = endOfString(text, at)
    const key = textOfJsonString(text.slice(at, keyEnd))
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    members.set(key, text.slice(start, end).trimEnd())
    at = skipBlanks(text, end + 1)
  }
  return members
}

/**
 * The items of a list, each as JSON text; null where the text is no list.
 *
 * Rule  the text is known to be JSON
 */
export function jsonItems(text: string): readonly string[] | null {
  let at = skipBlanks(text, 0)
  if (text[at] !== '[') return null
  const items: string[] = []
  at = skipBlanks(text, at + 1)
  while (at < text.length && text[at] !== ']') {
    const end = endOfValue(text, at)
    items.push(text.slice(at, end).trimEnd())
    if (text[end] !== ',') break
    at = skipBlanks(text, end + 1)
  }
  return items
}
