/**
 * What engines can do, as the tables of docs/compatibility.md: grades from the capabilities in the
 * code and from who enforces them, differences from the conformance cases that list them.
 */

import { optionKeys, options } from '../../src/config/options.ts'
import { assertNever } from '../../src/core/assert-never.ts'
import { featureNames } from '../../src/plan/refuse-unsupported.ts'
import { type Feature, features, type Grade } from '../../src/schema/capabilities.ts'
import { type Enforcement, enforcement } from '../../src/schema/enforcement.ts'
import type { ConformanceCase, EngineName } from './conformance-case.ts'

export interface GradedEngine {
  readonly name: EngineName
  readonly title: string
  readonly grades: Readonly<Record<Feature, Grade>>
}

export function renderGrades(engines: readonly GradedEngine[]): string {
  return table(
    ['feature', ...engines.map((engine) => engine.title), 'an engine without it'],
    features.map((feature) => [
      featureNames[feature],
      ...engines.map((engine) => engine.grades[feature]),
      consequence(enforcement[feature]),
    ]),
  )
}

/** What an engine without the feature does, or is like. */
function consequence(enforced: Enforcement): string {
  const keys = 'options' in enforced ? Object.keys(enforced.options) : []
  const names = optionKeys
    .filter((key) => keys.includes(key))
    .map((key) => `\`${options[key].name}\``)
  const start = names.length === 0 ? [] : [`refuses to start with ${names.join(', ')}`]
  switch (enforced.at) {
    case 'request':
    case 'plan':
      return ['refuses the request', ...start].join(', ')
    case 'configuration':
      return start.join()
    case 'inexpressible':
      return enforced.without
    default:
      return assertNever(enforced)
  }
}

/** One line for each reason, with the requests that show it. */
export function renderDifferences(
  engines: readonly GradedEngine[],
  cases: readonly ConformanceCase[],
): string {
  const rows = engines.flatMap(({ name, title }) => {
    return cases.flatMap(({ request, differs }) => {
      const difference = differs?.[name]
      if (difference === undefined) return []
      const asked = `${request.method} ${decodeURIComponent(request.target)}`
      return [[title, `\`${asked}\``, difference.reason]]
    })
  })
  return table(['engine', 'request', 'why the answer is another'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}
