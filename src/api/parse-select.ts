/**
 * Turns the text of `select=` into the tree of fields, embeds and spreads that the client wants.
 * Pure syntax: which relationship an embed means is decided by plan/resolve-embed.ts.
 *
 * Rule  PostgREST docs: tables_views (Vertical Filtering), resource_embedding, aggregate_functions
 */
import type { AggregateFunction, JoinType, SelectField, SelectItem } from './api-request.ts'
import {
  attempt,
  attemptWord,
  countNode,
  either,
  lookAheadWord,
  nested,
  optional,
  separated,
  spaced,
} from './combinators.ts'
import {
  aliasSeparator,
  bareName,
  field,
  fieldName,
  identifier,
  spacedComma,
} from './parse-field.ts'
import { maxEmbedLevels, nodesOfEmbed } from './request-limits.ts'
import { char, endOfText, type Failed, failed, type Rule, type Scanner, word } from './scanner.ts'

type EmbedHead = {
  readonly isSpread: boolean
  readonly target: string
  readonly alias?: string
  readonly hint?: string
  readonly join?: JoinType
}

function aliasText(s: Scanner): string | Failed {
  const name = fieldName(s)
  return name === failed || aliasSeparator(s) === failed ? failed : name
}

function tryAlias(s: Scanner): string | Failed {
  return attempt(s, aliasText)
}

function alias(s: Scanner): string | undefined | Failed {
  return optional(s, tryAlias)
}

// Embeds: alias:target!hint!inner(…)

type EmbedParameter = { readonly hint: string } | { readonly join: JoinType }

function tryHint(s: Scanner): EmbedParameter | Failed {
  const hint = attempt(s, fieldName)
  return hint === failed ? failed : { hint }
}

function embedParameter(s: Scanner): EmbedParameter | Failed {
  if (char(s, '!') === failed) return failed
  if (attemptWord(s, 'left') !== failed) return { join: 'left' }
  if (attemptWord(s, 'inner') !== failed) return { join: 'inner' }
  return tryHint(s)
}

/** At most two; of two hints or two joins the first counts. */
function embedParameters(s: Scanner): { hint?: string; join?: JoinType } | Failed {
  const first = optional(s, embedParameter)
  if (first === failed) return failed
  const second = optional(s, embedParameter)
  if (second === failed) return failed
  return { ...second, ...first }
}

function embedHead(s: Scanner): EmbedHead | Failed {
  const name = alias(s)
  if (name === failed) return failed
  const target = fieldName(s)
  // `count` in front of a parenthesis is the aggregate.
  if (target === failed || target === 'count') return failed
  const parameters = embedParameters(s)
  if (parameters === failed || lookAheadWord(s, '(') === failed) return failed
  return { isSpread: false, target, ...(name === undefined ? {} : { alias: name }), ...parameters }
}

function spreadHead(s: Scanner): EmbedHead | Failed {
  if (word(s, '...') === failed) return failed
  const target = fieldName(s)
  if (target === failed) return failed
  const parameters = embedParameters(s)
  if (parameters === failed || lookAheadWord(s, '(') === failed) return failed
  return { isSpread: true, target, ...parameters }
}

function spacedEmbedHead(s: Scanner): EmbedHead | Failed {
  return spaced(s, embedHead)
}

function spacedSpreadHead(s: Scanner): EmbedHead | Failed {
  return spaced(s, spreadHead)
}

function embedWith(s: Scanner, head: Rule<EmbedHead>): SelectItem | Failed {
  const outer = attempt(s, head)
  if (outer === failed || char(s, '(') === failed) return failed
  const select = nested(s, maxEmbedLevels, selectItems)
  if (select === failed || char(s, ')') === failed) return failed
  countNode(s, nodesOfEmbed - 1)
  return { kind: 'embed', ...outer, select }
}

// Fields: alias:name->path::cast.aggregate()::cast

/** A field ends at a comma, at a parenthesis or with the text. */
function itemEnd(s: Scanner): true | Failed {
  const isEnd =
    lookAheadWord(s, ')') !== failed || lookAheadWord(s, ',') !== failed || endOfText(s) !== failed
  return isEnd ? true : failed
}

function allColumns(s: Scanner): SelectField | Failed {
  if (word(s, '*') === failed || itemEnd(s) === failed) return failed
  return { kind: 'field', field: { name: '*', jsonPath: [] } }
}

function castText(s: Scanner): string | Failed {
  return word(s, '::') === failed ? failed : identifier(s)
}

function rowCount(s: Scanner): SelectField | Failed {
  const name = alias(s)
  if (name === failed || word(s, 'count()') === failed) return failed
  const aggregateCast = optional(s, castText)
  if (aggregateCast === failed || itemEnd(s) === failed) return failed
  return {
    kind: 'field',
    field: { name: '*', jsonPath: [] },
    ...(name === undefined ? {} : { alias: name }),
    aggregate: 'count',
    ...(aggregateCast === undefined ? {} : { aggregateCast }),
  }
}

/** In the order that error texts list them; `max` and `min` share a letter, so they look ahead. */
const aggregateOrder: readonly AggregateFunction[] = ['sum', 'avg', 'count', 'max', 'min']

function aggregateText(s: Scanner): AggregateFunction | Failed {
  if (char(s, '.') === failed) return failed
  for (const name of aggregateOrder) {
    const start = s.at
    const found = name === 'max' || name === 'min' ? attemptWord(s, name) : word(s, name)
    if (found !== failed) return word(s, '()') === failed ? failed : name
    if (s.at !== start) return failed
  }
  return failed
}

function tryAggregate(s: Scanner): AggregateFunction | Failed {
  return attempt(s, aggregateText)
}

function plainField(s: Scanner): SelectField | Failed {
  const name = alias(s)
  if (name === failed) return failed
  const column = field(s)
  if (column === failed) return failed
  const cast = optional(s, castText)
  if (cast === failed) return failed
  const aggregate = optional(s, tryAggregate)
  if (aggregate === failed) return failed
  const aggregateCast = optional(s, castText)
  if (aggregateCast === failed || itemEnd(s) === failed) return failed
  return {
    kind: 'field',
    field: column,
    ...(name === undefined ? {} : { alias: name }),
    ...(cast === undefined ? {} : { cast }),
    ...(aggregate === undefined ? {} : { aggregate }),
    ...(aggregateCast === undefined ? {} : { aggregateCast }),
  }
}

function tryAllColumns(s: Scanner): SelectField | Failed {
  return attempt(s, allColumns)
}

function tryRowCount(s: Scanner): SelectField | Failed {
  return attempt(s, rowCount)
}

function countOrField(s: Scanner): SelectField | Failed {
  return either(s, tryRowCount, plainField)
}

function fieldText(s: Scanner): SelectField | Failed {
  return either(s, tryAllColumns, countOrField)
}

// The tree

function spread(s: Scanner): SelectItem | Failed {
  return embedWith(s, spacedSpreadHead)
}

function embed(s: Scanner): SelectItem | Failed {
  return embedWith(s, spacedEmbedHead)
}

function spacedField(s: Scanner): SelectItem | Failed {
  return spaced(s, fieldText)
}

function embedOrField(s: Scanner): SelectItem | Failed {
  return either(s, embed, spacedField)
}

function selectItem(s: Scanner): SelectItem | Failed {
  countNode(s)
  const name = s.trace === null ? bareName(s) : null
  if (name !== null) return { kind: 'field', field: { name, jsonPath: [] } }
  return either(s, spread, embedOrField)
}

/**
 * Items of one level, left to right; an empty text is none.
 *
 * Shape  `id,alias:client!inner(name)` → a field and an embed with one field
 */
export function selectItems(s: Scanner): readonly SelectItem[] | Failed {
  const items = optional<readonly SelectItem[]>(s, (inner) =>
    separated(inner, selectItem, spacedComma),
  )
  return items === undefined ? [] : items
}
