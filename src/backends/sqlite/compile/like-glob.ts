/**
 * LIKE patterns as SQLite's GLOB, which is case-sensitive, as PostgreSQL's LIKE is, and can use an
 * index.
 */
import { type PatternWriter, translateLike } from '../../values/like-pattern.ts'

const asGlob: PatternWriter = {
  any: '*',
  one: '?',
  literal: (character) => ('*?['.includes(character) ? `[${character}]` : character),
}

/** Shape  `50\\%_*%` → `50%?[*]*` */
export function likeToGlob(pattern: string): string {
  return translateLike(pattern, asGlob)
}
