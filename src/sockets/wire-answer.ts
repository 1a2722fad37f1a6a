/**
 * An answer in the form in which Node sends it: a reason phrase, a flat list of headers that are
 * bytes, and a body that leaves in one write with them where it is small.
 */
import { STATUS_CODES } from 'node:http'
import { type Answer, byteLength, type Content, toBuffer } from '../core/http-exchange.ts'

export interface WireAnswer {
  readonly reason: string
  /** Name, value, name, value … */
  readonly headers: string[]
  /** Of a text each unit is one byte (`latin1`). */
  readonly body: Content | null
}

const printable = /^[\t\x20-\x7e]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: no header can hold them
const controls = /[\0-\x08\x0a-\x1f\x7f]/g

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * HTTP/1 header values are bytes: names of schemas and relations go out as their UTF-8 bytes. A
 * relation's name may even hold a line break, which must not become one of the answer's.
 */
function headerBytes(value: string): string {
  if (printable.test(value)) return value
  return Buffer.from(value.replace(controls, percentEncoded)).toString('latin1')
}

/** More than these would take much of what clients read as a head. */
const maxReasonChars = 256

/** What the database says behind the status in the first line, where that is a single line. */
function reasonPhrase({ status, statusText }: Answer): string {
  const isLine =
    statusText !== undefined &&
    statusText.length <= maxReasonChars &&
    statusText.search(controls) === -1
  // nothing for a status that nobody has named
  return isLine ? headerBytes(statusText) : (STATUS_CODES[status] ?? '')
}

/**
 * Bodies up to this size leave in one piece with the head. To copy a larger one costs more than a
 * second piece in the same write.
 */
const oneWriteBytes = 2 * 1024

/** Whoever made the answer, it says how long its body is: Node would send it in chunks. */
export function toWire(answer: Answer): WireAnswer {
  const { body } = answer
  const headers: string[] = []
  let hasLength = false
  for (const [name, value] of answer.headers) {
    headers.push(name, headerBytes(value))
    if (name.length === lengthName.length) hasLength ||= name.toLowerCase() === lengthName
  }
  const reason = reasonPhrase(answer)
  if (body === null) return { reason, headers, body }
  const bytes = byteLength(body)
  if (!hasLength) headers.push('Content-Length', String(bytes))
  // Node puts head and text together, and sends bytes as a piece of their own
  if (bytes <= oneWriteBytes) return { reason, headers, body: toBuffer(body).toString('latin1') }
  return { reason, headers, body: typeof body === 'string' ? toBuffer(body) : body }
}

const lengthName = 'content-length'
