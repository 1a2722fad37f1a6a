/**
 * `url-use-legacy-target-names`: a URL may name an embed by its relation although the embed has an
 * alias. Requests that do so are served, and their authors told by log and header to change them.
 *
 * Rule  v16.2: App (Warning: 299, LegacyTargetNameWarningObs)
 */

import type { Header } from '../core/http-exchange.ts'
import { contractName, contractVersion } from '../core/product.ts'
import type { Observe } from '../observe/observation.ts'
import type { DatabasePlan, ReadNode } from '../plan/plan.ts'
import type { Journey } from './journey.ts'

type LegacyName = readonly [relation: string, alias: string]

function collectLegacyNames(node: ReadNode, found: LegacyName[]): readonly LegacyName[] {
  if (node.usedLegacyName && node.alias !== null) found.push([node.name, node.alias])
  for (const child of node.children) collectLegacyNames(child, found)
  return found
}

/** The headers that announce it; none for a request that names everything by its alias. */
export function warnOfLegacyNames(
  plan: DatabasePlan,
  { raw, generation }: Pick<Journey, 'raw' | 'generation'>,
  observe: Observe,
): readonly Header[] {
  if (!generation.config.urlUseLegacyTargetNames) return []
  const names = collectLegacyNames(plan.root, [])
  if (names.length === 0) return []
  const query = raw.query === '' ? '' : `?${raw.query}`
  observe({
    kind: 'legacy-target-name',
    names,
    method: raw.method,
    target: `${generation.config.serverBasePath ?? ''}${raw.path}${query}`,
  })
  const updates = names.map(([relation, alias]) => `\`${relation}\` to \`${alias}\``).join(', ')
  const text =
    'Embedded resource was referenced by relation name even though it has an alias. ' +
    'This is deprecated and will stop working in a future release. ' +
    `Update ${updates} in query string filters, orders or limits.`
  return [['Warning', `299 ${contractName}v${contractVersion} "${text}"`]]
}
