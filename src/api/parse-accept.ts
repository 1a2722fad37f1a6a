/**
 * Reads the `Accept` header into media types, best first.
 *
 * Rule  PostgREST docs: resource_representation; RFC 9110 section 12.5.1
 */
import { type MediaType, parseMediaType } from '../core/media-type.ts'

interface Candidate {
  readonly text: string
  readonly quality: number
  /** Parameters make a range more specific, stars less. */
  readonly specificity: number
}

const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?/

function count(text: string, sign: string): number {
  return text.split(sign).length - 1
}

function candidateOf(range: string): Candidate {
  const compact = range.replaceAll(' ', '')
  const at = compact.indexOf(';q=')
  if (at < 0) return { text: compact, quality: 1, specificity: specificityOf(compact) }
  const text = compact.slice(0, at)
  const match = number.exec(compact.slice(at + 3))
  return {
    text,
    quality: match === null ? 1 : Number(match[0]),
    specificity: specificityOf(text),
  }
}

function specificityOf(text: string): number {
  return count(text, ';') - count(text, '*')
}

/**
 * Higher quality first, then the more specific, then as sent. No header accepts anything.
 *
 * Shape  `text/csv;q=0.5, application/json` → json, csv
 */
export function parseAccept(header: string | undefined): readonly MediaType[] {
  if (header === undefined) return [{ kind: 'any' }]
  if (!header.includes(',') && !header.includes(';q=')) {
    return [parseMediaType(header.replaceAll(' ', ''))]
  }
  return header
    .split(',')
    .map(candidateOf)
    .sort((a, b) => b.quality - a.quality || b.specificity - a.specificity)
    .map((candidate) => parseMediaType(candidate.text))
}
