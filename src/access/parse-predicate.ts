/**
 * The text of `using` or `with_check` → conditions with operands. It is PostgREST's filter grammar
 * with templates in place of operands: `tenant_id=eq.{{claims.org.id}}&id=in.{{claims.ids}}`.
 *
 * Templates are taken out before the grammar reads the text, so that nothing in them means anything
 * to it, and found again as whole operands; a template anywhere else is refused.
 */
import type { SlotValue } from '../api/api-request.ts'
import { parseConditions } from '../api/parse-conditions.ts'
import { assertNever } from '../core/assert-never.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { OperandPart, PolicyOperand, Predicate } from './policy-registry.ts'

interface Template {
  readonly source: string
  readonly part: Exclude<OperandPart, { kind: 'text' }>
  /** Stands for the whole list of `in`. */
  readonly isList: boolean
}

/** What stands for a template while the grammar reads: characters that nobody uses. */
const [open, close] = ['\u{e000}', '\u{e001}']
const marker = /^\u{e000}(\d+)\u{e001}$/u

/**
 * Errors  one sentence, on the first thing that is wrong
 */
export function parsePredicate(text: string): Result<Predicate, string> {
  if (text.includes(open) || text.includes(close)) return err('it has characters of private use')
  const templates: Template[] = []
  let problem: string | null = null
  const marked = text.replace(/\{\{(.*?)\}\}/gs, (source, inner: string, at: number) => {
    const part = templatePart(inner.trim())
    if (part === null) problem ??= `${source} is no template: ${templateForms}`
    const isList = text.slice(0, at).endsWith('in.')
    if (part === null) return ''
    if (isList && part.kind === 'role') problem ??= `${source} is no list`
    templates.push({ source, part, isList })
    const mark = `${open}${templates.length - 1}${close}`
    return isList ? `(${mark})` : mark
  })
  if (problem !== null) return err(problem)
  if (/\{\{|\}\}/.test(marked)) return err('a template is {{ and }} around a name')
  const parsed = parseConditions(withQuotedHints(marked))
  if (!parsed.ok) return err(withSources(parsed.error, templates))
  const { conditions, values } = parsed.value
  const operands = values.map((value) => operandOf(value, templates))
  const found = operands.flatMap((operand) => (operand === null ? [] : [operand]))
  const isWhole = found.length === operands.length && countTemplates(found) === templates.length
  return isWhole
    ? ok({ conditions, operands: found })
    : err('a template has to be a whole operand, or the whole list of in')
}

const templateForms = 'there are {{role}}, {{claims.a.b}} and {{claims["a"]}}'

function templatePart(inner: string): Template['part'] | null {
  if (inner === 'role') return { kind: 'role' }
  if (!/^claims(?:\.[A-Za-z_][A-Za-z0-9_-]*|\["(?:[^"\\]|\\.)+"\])+$/.test(inner)) return null
  const steps = inner.matchAll(/\.([A-Za-z_][A-Za-z0-9_-]*)|\[("(?:[^"\\]|\\.)+")\]/g)
  try {
    return {
      kind: 'claim',
      path: [...steps].map(([, name, quoted]) => name ?? String(JSON.parse(quoted ?? '""'))),
    }
  } catch {
    return null
  }
}

/** `members!key.user_id`: the grammar of keys knows no hints, so a name with one is quoted. */
function withQuotedHints(text: string): string {
  return text.replace(/(^|[&;])([^=&;]*)/g, (_, start: string, key: string) => {
    return start + key.replace(/([^."!]+)!([^."!]+)(?=\.)/g, '"$1!$2"')
  })
}

/** Null: a template is only a part of it. */
function operandOf(value: SlotValue, templates: readonly Template[]): PolicyOperand | null {
  if (typeof value === 'string') {
    const part = partOf(value, templates)
    return part === null || part.isList ? null : { kind: 'one', part: part.part }
  }
  const parts = value.map((member) => partOf(member, templates))
  const [first] = parts
  if (parts.length === 1 && first?.isList === true && first.part.kind === 'claim') {
    return { kind: 'list', path: first.part.path }
  }
  const members = parts.flatMap((part) => (part === null || part.isList ? [] : [part.part]))
  return members.length === parts.length ? { kind: 'many', parts: members } : null
}

function partOf(
  text: string,
  templates: readonly Template[],
): { readonly part: OperandPart; readonly isList: boolean } | null {
  const template = templates[Number(marker.exec(text)?.[1] ?? -1)]
  if (template !== undefined) return template
  return text.includes(open) ? null : { part: { kind: 'text', text }, isList: false }
}

function countTemplates(operands: readonly PolicyOperand[]): number {
  return operands.flatMap(templatesOf).length
}

function templatesOf(operand: PolicyOperand): readonly OperandPart[] {
  switch (operand.kind) {
    case 'one':
      return operand.part.kind === 'text' ? [] : [operand.part]
    case 'many':
      return operand.parts.filter((part) => part.kind !== 'text')
    case 'list':
      return [{ kind: 'claim', path: operand.path }]
    default:
      return assertNever(operand)
  }
}

/** A message of the grammar, with the templates as they were written. */
function withSources(message: string, templates: readonly Template[]): string {
  return message.replace(/\u{e000}(\d+)\u{e001}/gu, (_, index: string) => {
    return templates[Number(index)]?.source ?? ''
  })
}
