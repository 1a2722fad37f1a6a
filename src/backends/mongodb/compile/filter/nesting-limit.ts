/**
 * How deep documents are that the server is sent: it reads about 200 levels, and what it says of more
 * is no answer to a client.
 */
import type { Document } from 'mongodb'
import { tooComplex } from '../mongodb-refusal.ts'

/** Leaves room for the stages and the command around a condition. */
const deepest = 180

/** Throws  too-complex */
export function refuseDeep<T extends Document | readonly Document[]>(document: T): T {
  if (nestsDeeper(document, deepest)) {
    tooComplex('What the request asks for is deeper inside each other than MongoDB reads.')
  }
  return document
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (!isContainer(value)) return false
  if (levels === 0) return true
  for (const member of Object.values(value)) if (nestsDeeper(member, levels - 1)) return true
  return false
}

/** Values with a type of BSON's own are no containers. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
