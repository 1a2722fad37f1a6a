/**
 * Plays every conformance case on every engine and version of this run, against the built server:
 * one process for each variant of the configuration.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { featureNames } from '../../src/plan/refuse-unsupported.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { allCases } from './all-cases.ts'
import { findBrokenRules, findDeviations } from './check-answer.ts'
import { type ConformanceCase, type ExpectedAnswer, errorBody } from './conformance-case.ts'
import { documentedRules } from './documented-rules.ts'
import { type Engine, engines, type PreparedEngine } from './engines.ts'
import { type Client, createClient } from './send-request.ts'
import { type VariantName, variantNames, variants } from './variants.ts'

test('names of cases are unique', () => {
  const names = allCases.map((each) => each.name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test('every documented rule has a case', () => {
  const shown = new Set(allCases.map((each) => each.rule))
  const rules = Object.entries(documentedRules).flatMap(([page, sections]) => {
    return sections.map((section) => `PostgREST docs: ${page} (${section})`)
  })
  expect(rules.filter((rule) => !shown.has(rule))).toEqual([])
})

interface Served {
  readonly server: RunningServer
  readonly client: Client
}

for (const engine of engines())
  describe.skipIf(!engine.isAvailable)(engine.title, () => {
    const played = variantNames.filter((name) => runsOn(name, engine))
    const served = new Map<VariantName, Served>()
    let prepared: PreparedEngine

    beforeAll(async () => {
      prepared = await engine.prepare()
      const starts = played.map(async (variant) => {
        const server = await startServer({ env: { ...prepared.env, ...environment(variant) } })
        served.set(variant, { server, client: createClient(server.url) })
      })
      // one that fails leaves none behind that nobody stops
      await Promise.allSettled(starts)
      await Promise.all(starts)
    })
    afterAll(async () => {
      await Promise.all(
        [...served.values()].map(({ server, client }) => {
          client.close()
          return server.stop()
        }),
      )
      await prepared?.drop()
    })

    describe.each(played)('%s', (variant) => {
      for (const each of casesOf(variant, engine)) {
        const isUnshown = engine.isStandIn && each.unshown?.[engine.name] !== undefined
        test.skipIf(isUnshown)(`${engine.title}: ${each.name}`, async () => {
          const client = served.get(variant)?.client
          if (client === undefined) throw new Error(`no server of the variant ${variant}`)
          await play(each, client)
        })
      }
    })

    async function play(each: ConformanceCase, client: Client): Promise<void> {
      const isMinimal = (each.variant ?? 'default') === 'strict'
      const answer = await client.send(each.request)
      const broken = findBrokenRules(each.request, answer, isMinimal ? 'minimal' : 'verbose')
      const refusal = refusalOf(each, isMinimal)
      const difference = each.differs?.[engine.name]
      if (refusal === null && difference !== undefined) {
        const isGone = findDeviations(answer, each.expect, prepared.schema).length === 0
        if (isGone) failOn([`the listed difference no longer occurs: ${difference.reason}`], each)
      }
      const expected = refusal ?? withOwnHint(difference ?? each.expect, each.ownHint)
      const deviations = findDeviations(answer, expected, prepared.schema)
      failOn([...deviations, ...broken], each)
      if (each.afterwards === undefined || refusal !== null) return
      const after = await client.send(each.afterwards.request)
      failOn(findDeviations(after, each.afterwards.expect, prepared.schema), each)
    }

    /** What an engine answers to what it does not do. */
    function refusalOf(
      { needs, request }: ConformanceCase,
      isMinimal: boolean,
    ): ExpectedAnswer | null {
      const { capabilities } = prepared
      const lacking = [needs ?? []]
        .flat()
        .find((each) => capabilities.grades[each] === 'unsupported')
      if (lacking === undefined) return null
      if (request.method === 'HEAD') return { status: 400, headers: refusalHeaders, text: '' }
      const details = `${capabilities.engine} does not support ${featureNames[lacking]}`
      const body = errorBody('PGRST127', 'Feature not implemented', { details })
      return isMinimal ? { status: 400, code: 'PGRST127' } : { status: 400, body }
    }
  })

/** PostgREST's own hints are never replaced. */
function withOwnHint(expected: ExpectedAnswer, hint: string | undefined): ExpectedAnswer {
  if (hint === undefined) return expected
  const { body } = expected
  const hasNone =
    typeof body === 'object' && body !== null && 'hint' in body && body['hint'] === null
  if (!hasNone) throw new Error('a hint of our own is for a body that has none')
  return { ...expected, body: { ...body, hint } }
}

const refusalHeaders = { 'proxy-status': 'PostgREST; error=PGRST127' }

function failOn(deviations: readonly string[], { request, rule, source }: ConformanceCase): void {
  if (deviations.length === 0) return
  const from = source === undefined ? rule : `${rule}; ${source}`
  expect.fail(`${request.method} ${request.target}\n  ${deviations.join('\n  ')}\n  rule: ${from}`)
}

function environment(variant: VariantName): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variants[variant].options).map(([option, value]) => {
      return [`DBREST_${option.toUpperCase().replaceAll('-', '_')}`, value]
    }),
  )
}

function runsOn(variant: VariantName, engine: Engine): boolean {
  const engines: readonly string[] = variants[variant].engines
  return engines.includes(engine.name)
}

function casesOf(variant: VariantName, engine: Engine): readonly ConformanceCase[] {
  return allCases.filter((each) => {
    const isHere = each.only === undefined || each.only.engine === engine.name
    return isHere && (each.variant ?? 'default') === variant
  })
}
