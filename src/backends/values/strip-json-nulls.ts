/**
 * Takes null members out of the objects of a JSON text, at every depth, and leaves all else as it
 * is written: numbers keep their digits. Nulls in arrays stay.
 *
 * Rule  PostgREST docs: resource_representation (Stripped Nulls)
 */
export function stripJsonNulls(json: string): string {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/gsu
  const out: string[] = []
  // per open container: whether it is an object, whether something was written into it
  const open: { readonly isObject: boolean; hasMembers: boolean }[] = []
  let key: string | null = null

  const begin = () => {
    const container = open.at(-1)
    if (container?.hasMembers === true) out.push(',')
    if (container !== undefined) container.hasMembers = true
    if (key !== null) out.push(key, ':')
    key = null
  }

  for (const [text] of json.matchAll(token)) {
    const container = open.at(-1)
    if (text === ',' || text === ':') continue
    if (text === '}' || text === ']') {
      open.pop()
      out.push(text)
    } else if (container?.isObject === true && key === null) {
      key = text
    } else if (text === 'null' && key !== null) {
      key = null
    } else {
      begin()
      out.push(text)
      if (text === '{' || text === '[') open.push({ isObject: text === '{', hasMembers: false })
    }
  }
  return out.join('')
}
