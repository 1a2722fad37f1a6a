/**
 * The compose stacks, as far as they can be known without a container engine: what their files name is
 * there, what waits can begin, and each dbrest in them would start with the options that it is given.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { engineAbilities } from '../src/backends/engine-abilities.ts'
import { loadTestConfig } from './support/load-test-config.ts'

interface Service {
  readonly image?: string
  readonly build?: string
  readonly hostname?: string
  readonly extends?: { readonly file: string; readonly service: string }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: readonly string[] }
  readonly environment?: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
}

interface Stack {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const folder = join(import.meta.dirname, '..', 'docker')
const stacks = readdirSync(folder).filter((name) => existsSync(fileOf(name)))

function fileOf(stack: string): string {
  return join(folder, stack, 'compose.yaml')
}

/** Of Compose's own tags only the one for lists that take the place of those below is used. */
function readStack(file: string): Stack {
  return parse(readFileSync(file, 'utf8').replaceAll(': !override', ':')) as Stack
}

/** A service with what it extends, and the folder that its paths begin from. */
function wholeService(file: string, name: string): Service & { readonly from: string } {
  const own = readStack(file).services[name]
  if (own === undefined) throw new Error(`${file} has no service ${name}`)
  if (own.extends === undefined) return { ...own, from: dirname(file) }
  return { ...wholeService(join(dirname(file), own.extends.file), own.extends.service), ...own }
}

test('there is one for each engine that is served, and one of all', () => {
  const engines = (['postgres', 'sqlite', 'mongodb'] as const).filter((engine) => {
    return engineAbilities(engine) !== null
  })
  expect(stacks.toSorted()).toEqual(['all', ...engines].toSorted())
  const served = Object.keys(readStack(fileOf('all')).services)
  expect(served).toEqual(expect.arrayContaining(engines.map((engine) => `dbrest-${engine}`)))
})

describe.each(stacks)('docker/%s', (stack) => {
  const { services: named, volumes } = readStack(fileOf(stack))
  const names = Object.keys(named)
  const services = new Map(names.map((name) => [name, wholeService(fileOf(stack), name)]))
  const each = [...services.values()]

  test('mounts files that are there and volumes that it declares', () => {
    const mounts = each.flatMap(({ volumes: own = [], from }) =>
      own.map((mount) => ({ source: mount.split(':')[0] ?? '', from })),
    )
    const missing = mounts.filter(({ source, from }) =>
      source.startsWith('.') ? !existsSync(join(from, source)) : !(source in volumes),
    )
    expect(missing).toEqual([])
  })

  test('builds from the checkout', () => {
    for (const { build, from } of each) {
      if (build !== undefined) expect(existsSync(join(from, build, 'Dockerfile'))).toBe(true)
    }
  })

  test('waits for services that are there, and healthy where they say when they are', () => {
    for (const { depends_on: waits = {} } of each) {
      for (const [name, { condition }] of Object.entries(waits)) {
        const awaited = services.get(name)
        expect(awaited, name).toBeDefined()
        const tells = awaited?.healthcheck?.test !== undefined
        if (condition === 'service_healthy') expect(tells, name).toBe(true)
        else expect(condition).toBe('service_completed_successfully')
      }
    }
  })

  test('publishes each port once', () => {
    const ports = each.flatMap(({ ports: own = [] }) => own.map((port) => port.split(':')[0]))
    expect(ports).toEqual([...new Set(ports)])
    expect(ports).not.toEqual([])
  })

  test('gives dbrest options that it takes, and the name of a service for a host', () => {
    const given = each.flatMap(({ environment }) =>
      environment?.['DBREST_DB_URI'] === undefined ? [] : [environment],
    )
    expect(given).not.toEqual([])
    for (const env of given) {
      const { dbUri } = loadTestConfig({ env })
      if (dbUri.startsWith('/')) continue
      expect(names).toContain(new URL(dbUri).hostname)
    }
  })
})

test('the MongoDB set has its member where other containers find it', () => {
  const { hostname, command, healthcheck } = wholeService(fileOf('mongodb'), 'mongodb')
  const { environment } = wholeService(fileOf('mongodb'), 'dbrest')
  const uri = new URL(environment?.['DBREST_DB_URI'] ?? '')
  const set = uri.searchParams.get('replicaSet') ?? ''
  expect(hostname).toBe(uri.hostname)
  expect(command).toEqual(['--replSet', set, '--bind_ip_all'])
  const script = healthcheck?.test?.at(-1) ?? ''
  expect(script).toContain(`_id: '${set}'`)
  expect(script).toContain(`host: '${uri.host}'`)
})
