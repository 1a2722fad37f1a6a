/**
 * What the database may put into the head of an answer: names and values that HTTP can carry, and
 * nothing that says where the body ends, which only the server knows.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: no header can hold them
const controls = /[\0-\x08\x0a-\x1f\x7f]/
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export function isSendableHeader(name: string, value: string): boolean {
  return token.test(name) && !controls.test(value)
}

/** A wrong one would cut the answer short, or make the next one on its connection a part of it. */
export function isFramingHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'content-length' || lower === 'transfer-encoding'
}
