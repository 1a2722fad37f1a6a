/**
 * The body of an answer as UTF-8, from the bytes in which SQLite has it: those of the database's
 * encoding, and whatever somebody has cast to a text.
 */
import { isUtf8 } from 'node:buffer'
import type Database from 'better-sqlite3'

/** What is no text becomes U+FFFD. */
export type BodyReader = (bytes: Uint8Array) => Uint8Array

/** `bytes` come from `CAST(… AS BLOB)`, which gives a text's bytes as they are in the file. */
export function bodyReaderOf(db: Database.Database): BodyReader {
  const encoding = db.prepare<[], string>('PRAGMA encoding').pluck().get()
  switch (encoding) {
    case 'UTF-16le':
      return (bytes) => Buffer.from(Buffer.from(bytes).toString('utf16le'))
    case 'UTF-16be':
      return (bytes) => Buffer.from(Buffer.from(bytes).swap16().toString('utf16le'))
    default:
      return (bytes) => (isUtf8(bytes) ? bytes : Buffer.from(Buffer.from(bytes).toString()))
  }
}
