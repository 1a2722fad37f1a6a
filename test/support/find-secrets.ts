/**
 * Texts that must not be in some files, in the spellings in which a program would print them.
 * Reads the files piece by piece, whatever their size.
 */
import { createReadStream } from 'node:fs'

export interface FoundSecret {
  readonly file: string
  /** What stands before it, for whoever looks for the cause. */
  readonly before: string
  /** Enough of it to know which it is. */
  readonly hint: string
}

/** As it is, in JSON, in a URI, and in base64. */
function spellings(secret: string): readonly string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    // without the end, which depends on what follows
    Buffer.from(secret)
      .toString('base64')
      .replace(/.{0,4}$/, ''),
  ]
}

const shownBefore = 120

/** At most one hit a file and secret matters: the first ones of each file are told. */
export async function findSecrets(
  files: readonly string[],
  secrets: readonly string[],
  pieceBytes = 1 << 20,
): Promise<readonly FoundSecret[]> {
  const needles = [...new Set(secrets.flatMap(spellings))].map((text) => Buffer.from(text))
  // most places of a file are passed over by their first two bytes
  const byStart = new Map<number, Buffer[]>()
  for (const needle of needles) {
    const start = needle.readUInt16BE(0)
    byStart.set(start, [...(byStart.get(start) ?? []), needle])
  }
  const isStart = new Uint8Array(1 << 16)
  for (const start of byStart.keys()) isStart[start] = 1
  const overlap = Math.max(...needles.map(({ length }) => length), shownBefore) + shownBefore

  const found: FoundSecret[] = []
  for (const file of files) {
    let rest: Buffer = Buffer.alloc(0)
    const seen = new Set<string>()
    for await (const piece of createReadStream(file, { highWaterMark: pieceBytes })) {
      const bytes: Buffer = Buffer.concat([rest, piece])
      for (let at = 0; at + 1 < bytes.length; at += 1) {
        const start = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
        if (isStart[start] === 0) continue
        for (const needle of byStart.get(start) ?? []) {
          const end = at + needle.length
          if (end > bytes.length || needle.compare(bytes, at, end) !== 0) continue
          const hint = `${needle.toString().slice(0, 6)}… (${needle.length} bytes)`
          if (seen.has(hint)) continue
          seen.add(hint)
          const before = bytes.toString('utf8', Math.max(0, at - shownBefore), at)
          found.push({ file, before, hint })
        }
      }
      rest = bytes.subarray(Math.max(0, bytes.length - overlap))
    }
  }
  return found
}
