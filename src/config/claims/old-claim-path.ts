/**
 * The syntax that jwt-role-claim-key had before JSONPath, still read: `.key`, `."any key"`, `[0]`,
 * and at the very end one filter `[?(@ == "text")]` over the strings of an array. Text → steps,
 * steps → value, steps → the text the dump prints and the JSONPath to write instead.
 */
const filterOperators = ['==^', '==', '!=', '^==', '*=='] as const
type FilterOperator = (typeof filterOperators)[number]

export type OldPathStep =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'filter'; readonly operator: FilterOperator; readonly text: string }

const keyPattern = /^\.(?:([\p{L}\p{N}_$@]+)|"([^"]*)")/u
const indexPattern = /^\[([0-9]+)\]/
const filterPattern = /^\[\?\(@\s*(==\^|==|!=|\^==|\*==)\s*"([^"]*)"\)\]$/

/** Null when the text is not in this syntax. */
export function parseOldClaimPath(text: string): readonly OldPathStep[] | null {
  const steps: OldPathStep[] = []
  let rest = text
  while (rest !== '') {
    const next = firstStep(rest)
    if (next === null) return null
    steps.push(next.step)
    rest = rest.slice(next.length)
  }
  return steps.length === 0 ? null : steps
}

/** Undefined where the path leads nowhere. */
export function followOldClaimPath(steps: readonly OldPathStep[], claims: unknown): unknown {
  let value = claims
  for (const step of steps) {
    value = followStep(step, value)
    if (value === undefined) return undefined
  }
  return value
}

/** Shape  `.roles[?(@ == "x")]` → `."roles"[?(@ == "x")]` */
export function printOldClaimPath(steps: readonly OldPathStep[]): string {
  return steps
    .map((step) => {
      if (step.kind === 'key') return `."${step.key}"`
      if (step.kind === 'index') return `[${step.index}]`
      return `[?(@ ${step.operator} "${step.text}")]`
    })
    .join('')
}

/** Shape  `."a b".roles[?(@ ^== "x")]` → `$['a b'].roles[?search(@, '^x')]` */
export function asJsonPath(steps: readonly OldPathStep[]): string {
  return `$${steps.map(jsonPathStep).join('')}`
}

function firstStep(text: string): { step: OldPathStep; length: number } | null {
  const key = keyPattern.exec(text)
  if (key !== null) {
    return { step: { kind: 'key', key: key[1] ?? key[2] ?? '' }, length: key[0].length }
  }
  const index = indexPattern.exec(text)
  if (index !== null) {
    return { step: { kind: 'index', index: Number(index[1]) }, length: index[0].length }
  }
  const filter = filterPattern.exec(text)
  const operator = filterOperators.find((candidate) => candidate === filter?.[1])
  if (filter === null || operator === undefined) return null
  return { step: { kind: 'filter', operator, text: filter[2] ?? '' }, length: filter[0].length }
}

function followStep(step: OldPathStep, value: unknown): unknown {
  if (step.kind === 'key') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.getOwnPropertyDescriptor(value, step.key)?.value
  }
  if (!Array.isArray(value)) return undefined
  const items: readonly unknown[] = value
  if (step.kind === 'index') return items[step.index]
  return items.find((item) => typeof item === 'string' && matches(step.operator, item, step.text))
}

function matches(operator: FilterOperator, item: string, text: string): boolean {
  switch (operator) {
    case '==':
      return item === text
    case '!=':
      return item !== text
    case '^==':
      return item.startsWith(text)
    case '==^':
      return item.endsWith(text)
    case '*==':
      return item.includes(text)
  }
}

function jsonPathStep(step: OldPathStep): string {
  if (step.kind === 'index') return `[${step.index}]`
  if (step.kind === 'key') {
    const isPlain = /^[A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_\u0080-\u{10ffff}]*$/u.test(step.key)
    return isPlain ? `.${step.key}` : `[${quoted(step.key)}]`
  }
  const pattern = step.text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  switch (step.operator) {
    case '==':
    case '!=':
      return `[?(@ ${step.operator} ${quoted(step.text)})]`
    case '^==':
      return `[?search(@, ${quoted(`^${pattern}`)})]`
    case '==^':
      return `[?search(@, ${quoted(`${pattern}$`)})]`
    case '*==':
      return `[?search(@, ${quoted(pattern)})]`
  }
}

function quoted(text: string): string {
  // JSON's escapes are JSONPath's; only the quotes are exchanged
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner}'`
}
