/**
 * Sorts the pairs of a query into select, filters, logic, order, windows and the rest, and has each
 * parsed. Which pair means what is told from the last word of its key; everything else is a filter
 * or, on a function read by GET or HEAD, an argument when its value begins with no operator.
 *
 * Rule  PostgREST docs: tables_views, functions (Calling Functions with GET)
 */
import type {
  At,
  Filter,
  LogicExpression,
  LogicTree,
  OrderTerm,
  SelectItem,
  SlotValue,
} from './api-request.ts'
import { tooManyNodes } from './combinators.ts'
import { logicPath, nameList, treePath } from './parse-field.ts'
import { conditionOrArgument, filterCondition } from './parse-filter.ts'
import { logicTree } from './parse-logic.ts'
import { orderTerms } from './parse-order.ts'
import { noteWindow, type WindowTexts } from './parse-range.ts'
import { selectItems } from './parse-select.ts'
import type { QueryPair } from './query-string.ts'
import { maxRequestNodes } from './request-limits.ts'
import { parseText, sized } from './scanner.ts'
import { type FilterText, SyntaxFailure, syntaxFailure } from './syntax-failure.ts'
import { unreadMember } from './unread-member.ts'

export interface ParsedQuery {
  readonly select: readonly SelectItem[]
  readonly filters: readonly At<Filter>[]
  readonly logic: readonly At<LogicExpression>[]
  readonly order: readonly At<readonly OrderTerm[]>[]
  readonly windows: WindowTexts
  readonly columns: readonly string[] | undefined
  readonly onConflict: readonly string[] | undefined
  readonly callArguments: readonly (readonly [string, string])[]
  readonly values: readonly SlotValue[]
  /** Equal for queries that differ in values and in the numbers of windows only. */
  readonly shape: string
}

type Pair = readonly [key: string, value: string]

interface SortedPairs {
  readonly filters: Pair[]
  readonly order: Pair[]
  readonly logic: Pair[]
  readonly windows: WindowTexts
  /** `select`, `columns` and `on_conflict`: of each the first counts, null if it has no value. */
  readonly named: Map<string, string | null>
}

const reserved: ReadonlySet<string> = new Set(['select', 'columns', 'on_conflict'])

function lastWord(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

function sortPairs(pairs: readonly QueryPair[]): SortedPairs {
  const sorted: SortedPairs = {
    filters: [],
    order: [],
    logic: [],
    windows: new Map(),
    named: new Map(),
  }
  for (const { key, value } of pairs) {
    if (reserved.has(key)) {
      if (!sorted.named.has(key)) sorted.named.set(key, value)
      continue
    }
    if (value === null) continue
    const last = lastWord(key)
    switch (last) {
      case 'order':
        sorted.order.push([key, value])
        break
      case 'and':
      case 'or':
        sorted.logic.push([key, value])
        break
      case 'limit':
      case 'offset':
        noteWindow(sorted.windows, key, last, value)
        break
      default:
        sorted.filters.push([key, value])
    }
  }
  return sorted
}

const inTreePath = (text: string) => `failed to parse tree path (${text})`
const inLogicPath = (text: string) => `failed to parse logic path (${text})`
const inOrder = (text: string) => `failed to parse order (${text})`
const inFilter = (text: string) => `failed to parse filter (${text})`
const inSelect = (text: string) => `failed to parse select parameter (${text})`
const inColumns = (text: string) => `failed to parse columns parameter (${text})`
const inOnConflict = (text: string) => `failed to parse on_conflict parameter (${text})`

type Parse = typeof parseText

/** Parses the texts of one query, and counts what a plan has nodes for in all of them. */
function createQueryParser(): Parse {
  let nodes = 0
  return (rule, text, subject, values) => {
    const parsed = parseText(rule, text, subject, values)
    nodes += parsed.nodes
    if (nodes > maxRequestNodes) throw syntaxFailure(subject(text), text, 0, [tooManyNodes])
    return parsed
  }
}

function parseOrder([key, value]: Pair, parse: Parse): At<readonly OrderTerm[]> {
  const { path } = parse(treePath, key, inTreePath).value
  return { path, value: parse(orderTerms, value, inOrder).value }
}

/** A tree without parentheses is one filter, whose column begins with the operator's letters. */
function asExpression(tree: LogicTree): LogicExpression {
  return tree.kind === 'logic'
    ? tree
    : { kind: 'logic', operator: 'and', negated: false, operands: [tree] }
}

function parseLogic(
  [key, value]: Pair,
  values: SlotValue[],
  parse: Parse,
): { readonly logic: At<LogicExpression>; readonly shape: string } {
  const { path, operator } = parse(logicPath, key, inLogicPath).value
  const subject = () => `failed to parse logic tree (${value})`
  const text = `${operator}${value}`
  const tree = withUnread(
    () => parse(logicTree, text, subject, values),
    () => {
      const member = unreadMember(text)
      return member === null ? undefined : { path, ...member }
    },
  )
  return { logic: { path, value: asExpression(tree.value) }, shape: tree.shape }
}

/** What the grammar throws, with the filter that it could not read. */
function withUnread<T>(read: () => T, unread: () => FilterText | undefined): T {
  try {
    return read()
  } catch (failure) {
    if (!(failure instanceof SyntaxFailure)) throw failure
    throw new SyntaxFailure(failure.message, failure.details, unread())
  }
}

/**
 * `mayHaveArguments`: a function is called by GET or HEAD.
 *
 * Throws  SyntaxFailure: of the first fault; parts are read in PostgREST's order: order, logic,
 *         columns, select, filters, on_conflict
 */
export function parseQuery(pairs: readonly QueryPair[], mayHaveArguments: boolean): ParsedQuery {
  const sorted = sortPairs(pairs)
  const values: SlotValue[] = []
  const parse = createQueryParser()
  let shape = ''

  const order = sorted.order.map((pair) => {
    shape += `o${sized(pair[0])}${sized(pair[1])}`
    return parseOrder(pair, parse)
  })
  const logic = sorted.logic.map((pair) => {
    const parsed = parseLogic(pair, values, parse)
    shape += `l${sized(pair[0])}${parsed.shape}`
    return parsed.logic
  })
  const names = (key: string, subject: (text: string) => string) => {
    const text = sorted.named.get(key)
    if (text === undefined || text === null) return undefined
    shape += `${key}${sized(text)}`
    return parse(nameList, text, subject).value
  }
  const columns = names('columns', inColumns)

  const selectText = sorted.named.get('select') ?? '*'
  shape += `s${sized(selectText)}`
  const select = parse(selectItems, selectText, inSelect).value

  const filters: At<Filter>[] = []
  const callArguments: Pair[] = []
  for (const [key, value] of sorted.filters) {
    const { path, field } = parse(treePath, key, inTreePath).value
    const rule = mayHaveArguments ? conditionOrArgument : filterCondition
    const parsed = withUnread(
      () => parse(rule, value, inFilter, values),
      () => ({ path, field, start: `${key}=`, value }),
    )
    if (parsed.value === null) {
      shape += `a${sized(field.name)}`
      callArguments.push([field.name, value])
    } else {
      shape += `f${sized(key)}${parsed.shape}`
      filters.push({ path, value: { kind: 'filter', field, ...parsed.value } })
    }
  }
  const onConflict = names('on_conflict', inOnConflict)

  return {
    select,
    filters,
    logic,
    order,
    windows: sorted.windows,
    columns,
    onConflict,
    callArguments,
    values,
    shape,
  }
}
