/**
 * The kits of deploy/, as far as they can be known without a cluster or a cloud: options are options and
 * make a configuration, ports, user and health command are those of the image, what is probed needs no
 * token, and a process gets the time that it takes to end.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { isOpen } from '../src/admin/admin-token.ts'
import { drainMs } from '../src/compose-api.ts'
import { environmentNamesOf, optionKeys, options } from '../src/config/options.ts'
import { productVersion } from '../src/core/product.ts'
import { loadTestConfig } from './support/load-test-config.ts'
import { findTool } from './support/tool.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'deploy')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => statSync(join(folder, path)).isFile())
  .map((path) => `deploy/${path}`)

/** A value of parsed YAML or JSON at a path of keys; undefined where it leads nowhere. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  )
}

function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  if (!Array.isArray(found)) throw new Error(`no list at ${path.join('.')}`)
  return found
}

/** `[{ name, value }]`, the keys in either case, as an environment; what is no text is left out. */
function environmentOf(entries: readonly unknown[]): Readonly<Record<string, string>> {
  const pairs = entries.map((entry) => [
    String(at(entry, 'name') ?? at(entry, 'Name') ?? at(entry, 'key')),
    at(entry, 'value') ?? at(entry, 'Value'),
  ])
  return Object.fromEntries(pairs.filter(([, value]) => typeof value === 'string'))
}

const image = read('Dockerfile').split('\n')
const lastOf = (instruction: string) =>
  image.findLast((line) => line.trimStart().startsWith(`${instruction} `))?.trim() ?? ''
const imageUser = lastOf('USER').slice('USER '.length)
const healthCommand: readonly string[] = JSON.parse(lastOf('CMD').slice('CMD '.length))
const defaults = read('docker/image/defaults.conf')
const uri = 'postgresql://authenticator@db.example.com/films'
const jwtSecret = 'a passphrase of thirty-two bytes!'
const secrets = {
  DBREST_DB_URI: uri,
  DBREST_JWT_SECRET: jwtSecret,
  DBREST_ADMIN_SERVER_TOKEN: 'token',
}

/** What a container of the image makes of an environment. */
function imageConfig(env: Readonly<Record<string, string>>, readable = {}) {
  const own = Object.entries(env).filter(([name]) => /^(DBREST|PGRST)_/.test(name))
  return loadTestConfig({ defaults, env: Object.fromEntries(own), files: readable })
}

test('every option that a kit names is one', () => {
  const known = new Set(optionKeys.flatMap((key) => environmentNamesOf(options[key].name)))
  const named = files.flatMap((file) =>
    [...read(file).matchAll(/\b(?:DBREST|PGRST)_[A-Z_]+\b/g)].map(
      ([name]) => [file, name] as const,
    ),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(([, name]) => !known.has(name))).toEqual([])
})

test('the page names every kit', () => {
  const page = read('deploy/README.md')
  const kits = readdirSync(folder).filter((name) => name !== 'README.md')
  expect(kits.filter((name) => !page.includes(name))).toEqual([])
})

test('what speaks of the image speaks of this version', () => {
  const tags = files.flatMap((file) =>
    [...read(file).matchAll(/(?:dbrest:|newTag: )(\d+\.\d+\.\d+\S*)/g)].map((match) => match[1]),
  )
  expect(tags.length).toBeGreaterThan(1)
  expect(new Set(tags)).toEqual(new Set([productVersion]))
})

describe('Kubernetes', () => {
  const base = 'deploy/kubernetes/base'
  const deployment: unknown = parse(read(`${base}/deployment.yaml`))
  const pod = at(deployment, 'spec', 'template', 'spec')
  const container = at(pod, 'containers', 0)
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) =>
    at(container, name),
  )
  const kustomization: unknown = parse(read(`${base}/kustomization.yaml`))
  const overlay: unknown = parse(read('deploy/kubernetes/overlays/example/kustomization.yaml'))
  const literals = [kustomization, overlay].flatMap((each) =>
    listAt(each, 'configMapGenerator', 0, 'literals').map(String),
  )
  const ports = new Map(
    listAt(container, 'ports').map((port) => [at(port, 'name'), at(port, 'containerPort')]),
  )

  test('every file is one of a kustomization', () => {
    for (const [path, each] of [
      [base, kustomization],
      ['deploy/kubernetes/overlays/example', overlay],
    ] as const) {
      const listed = listAt(each, 'resources').filter((name) => String(name).endsWith('.yaml'))
      const there = readdirSync(join(root, path)).filter((name) => name !== 'kustomization.yaml')
      expect(listed.toSorted()).toEqual(there.toSorted())
    }
  })

  test('asks the admin server what it answers without a token', () => {
    for (const probe of probes) {
      expect(at(probe, 'httpGet', 'port')).toBe('admin')
      expect(isOpen(String(at(probe, 'httpGet', 'path')))).toBe(true)
    }
    // a database that is away, or a load that fails, ends no process and takes none away that serves
    expect(probes.map((probe) => at(probe, 'httpGet', 'path'))).toEqual([
      '/live',
      '/live',
      '/health',
    ])
  })

  test('waits for a first load as long as that may take', () => {
    const [startup] = probes
    const waits = Number(at(startup, 'periodSeconds')) * Number(at(startup, 'failureThreshold'))
    expect(waits * 1000).toBeGreaterThan(imageConfig(secrets).dbSchemaLoadTimeout)
  })

  test('lets the pod end in its own time', () => {
    const { DBREST_SHUTDOWN_DELAY: delay } = environmentOf(listAt(container, 'env'))
    expect(Number(delay)).toBeGreaterThanOrEqual(5)
    const least = Number(delay) + drainMs / 1000
    expect(Number(at(pod, 'terminationGracePeriodSeconds'))).toBeGreaterThan(least + 10)
  })

  test('runs as the image does, and may do no more', () => {
    const rights = at(pod, 'securityContext')
    expect(`${at(rights, 'runAsUser')}:${at(rights, 'runAsGroup')}`).toBe(imageUser)
    expect(at(rights, 'runAsNonRoot')).toBe(true)
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('gives the image options and files of the Secret that it reads', () => {
    const env = {
      ...Object.fromEntries(literals.map((text) => text.split(/=(.*)/s).slice(0, 2))),
      ...environmentOf(listAt(container, 'env')),
    }
    const mounted = String(at(container, 'volumeMounts', 0, 'mountPath'))
    expect(at(container, 'volumeMounts', 0, 'name')).toBe(at(pod, 'volumes', 0, 'name'))
    const config = imageConfig(env, {
      [`${mounted}/db-uri`]: `${uri}\n`,
      [`${mounted}/jwt-secret`]: jwtSecret,
      [`${mounted}/admin-server-token`]: 'token\n',
    })
    expect(config).toMatchObject({
      dbUri: uri,
      dbSchemas: ['api'],
      serverPort: ports.get('api'),
      adminServerPort: ports.get('admin'),
      adminServerToken: 'token',
    })
  })

  test('leads its services to ports that the pod has', () => {
    const services = parseAllDocuments(read(`${base}/services.yaml`)).map((each) => each.toJS())
    const targets = services.map((service) => at(service, 'spec', 'ports', 0, 'targetPort'))
    expect(targets).toEqual(['api', 'admin'])
    const route: unknown = parse(read('deploy/kubernetes/overlays/example/route.yaml'))
    const backend = at(route, 'spec', 'rules', 0, 'backendRefs', 0)
    expect(backend).toEqual({
      name: at(services[0], 'metadata', 'name'),
      port: at(services[0], 'spec', 'ports', 0, 'port'),
    })
  })

  const kubectl = findTool('kubectl')
  test.skipIf(kubectl === null)('is put together by kubectl', () => {
    const path = join(folder, 'kubernetes', 'overlays', 'example')
    const made = spawnSync(kubectl ?? '', ['kustomize', path], { encoding: 'utf8' })
    expect(made.stderr).toBe('')
    const kinds = parseAllDocuments(made.stdout).map((each) => each.toJS())
    const deployed = kinds.find((each) => at(each, 'kind') === 'Deployment')
    const config = kinds.find((each) => at(each, 'kind') === 'ConfigMap')
    const inside = at(deployed, 'spec', 'template', 'spec', 'containers', 0)
    expect(at(inside, 'envFrom', 0, 'configMapRef', 'name')).toBe(at(config, 'metadata', 'name'))
    expect(at(inside, 'image')).toBe(`registry.example.com/dbrest:${productVersion}`)
    // the autoscaler would fight with a number of replicas
    expect(at(deployed, 'spec', 'replicas')).toBeUndefined()
    const selectors = kinds
      .filter((each) => at(each, 'kind') === 'Service')
      .map((each) => at(each, 'spec', 'selector'))
    const labels = at(deployed, 'spec', 'template', 'metadata', 'labels')
    expect(selectors).toEqual([labels, labels])
  })
})

describe('Fargate', () => {
  const resources = at(parse(read('deploy/aws/fargate.yaml')), 'Resources')
  const container = at(resources, 'Task', 'Properties', 'ContainerDefinitions', 0)
  const target = at(resources, 'TargetGroup', 'Properties')
  const env = {
    ...environmentOf(listAt(container, 'Environment')),
    ...Object.fromEntries(listAt(container, 'Secrets').map((each) => [at(each, 'Name'), 'given'])),
  }

  test('has the secrets and the options that the image takes', () => {
    expect(Object.keys(env)).toEqual(expect.arrayContaining(Object.keys(secrets)))
    const config = imageConfig({ ...env, ...secrets })
    const exposed = listAt(container, 'PortMappings').map((each) => at(each, 'ContainerPort'))
    expect(exposed).toEqual([config.serverPort, config.adminServerPort])
    expect(at(target, 'Port')).toBe(config.serverPort)
    expect(at(target, 'HealthCheckPort')).toBe(String(config.adminServerPort))
    const rule = at(resources, 'SecurityGroup', 'Properties', 'SecurityGroupIngress', 0)
    expect([at(rule, 'FromPort'), at(rule, 'ToPort')]).toEqual(exposed)
  })

  test('is asked as the image is, and by the load balancer without a token', () => {
    expect(listAt(container, 'HealthCheck', 'Command')).toEqual(['CMD', ...healthCommand])
    expect(at(target, 'HealthCheckPath')).toBe('/health')
    expect(isOpen('/health')).toBe(true)
  })

  test('runs as the image does, and ends in its own time', () => {
    expect(at(container, 'User')).toBe(imageUser)
    expect(at(container, 'ReadonlyRootFilesystem')).toBe(true)
    expect(Number(at(container, 'StopTimeout'))).toBeGreaterThan(drainMs / 1000 + 10)
    // 120 is the most that ECS allows
    expect(Number(at(container, 'StopTimeout'))).toBeLessThanOrEqual(120)
  })

  test('has the numbers that docs/fargate.md gives', () => {
    const page = read('docs/fargate.md')
    const task = at(resources, 'Task', 'Properties')
    expect(page).toContain(
      `| the default of the stack | ${at(task, 'Cpu')} | ${at(task, 'Memory')} |`,
    )
    const group = at(resources, 'TargetGroup', 'Properties')
    const [delay] = Object.values(Object(at(group, 'TargetGroupAttributes')))
    expect(page).toContain(`\`deregistration_delay.timeout_seconds\` (${at(delay, 'Value')})`)
    expect(page).toContain(`\`StopTimeout\` (${at(container, 'StopTimeout')})`)
    const grace = at(resources, 'Service', 'Properties', 'HealthCheckGracePeriodSeconds')
    expect(at(container, 'HealthCheck', 'StartPeriod')).toBe(grace)
    expect(page).toContain(`\`HealthCheckGracePeriodSeconds\` (${grace} s)`)
  })

  test('is sized by figures like those of docs/performance.md', () => {
    const measured = read('docs/performance.md')
    const row = /^\| ([^|]+) \| ([\d,]+)(?: to ([\d,]+))? \| ([\d,]+)(?: to ([\d,]+))? \|$/gm
    const rows = [...read('docs/fargate.md').matchAll(row)]
    expect(rows.length).toBeGreaterThan(3)
    for (const [, name = '', ...figures] of rows) {
      const [least = NaN, most = least, leastRate = NaN, mostRate = leastRate] = figures.map(
        (figure) => (figure === undefined ? undefined : Number(figure.replace(',', ''))),
      )
      const rates = [most, least].map((server) => Number((1e6 / server).toPrecision(2)))
      expect([leastRate, mostRate], name).toEqual(rates)
      const line = measured.split('\n').find((text) => text.startsWith(`| ${name} |`)) ?? ''
      const ofServer = Number(/ (\d+) \/ \d+ \|/.exec(line)?.[1])
      // what is measured anew may move a little, and the sizes of tasks stay what they are
      expect(ofServer, name).toBeGreaterThan(least / 1.5)
      expect(ofServer, name).toBeLessThan(most * 1.5)
    }
  })

  test('refers to what it declares', () => {
    const text = JSON.stringify(parse(read('deploy/aws/fargate.yaml')))
    const declared = ['Parameters', 'Resources'].flatMap((part) =>
      Object.keys(Object(at(parse(read('deploy/aws/fargate.yaml')), part))),
    )
    const named = [
      ...[...text.matchAll(/\{"Ref":"([^":]+)"\}/g)].map((match) => match[1]),
      ...[...text.matchAll(/"Fn::GetAtt":\["(\w+)"/g)].map((match) => match[1]),
    ]
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !declared.includes(name ?? ''))).toEqual([])
  })
})

describe('Fly and Render', () => {
  const fly = read('deploy/fly.toml')
  const flyValue = (name: string) =>
    new RegExp(`^\\s*${name} = '?([^'\\n]+)'?$`, 'm').exec(fly)?.[1]
  const flyEnv = Object.fromEntries(
    [...fly.matchAll(/^\s*(DBREST_\w+) = '([^']*)'$/gm)].map((match) => [match[1], match[2]]),
  )
  const service = at(parse(read('deploy/render.yaml')), 'services', 0)
  const renderEnv = environmentOf(listAt(service, 'envVars'))

  test('are given options that the image takes', () => {
    expect(Object.keys(flyEnv).length).toBeGreaterThan(2)
    for (const env of [flyEnv, renderEnv]) {
      expect(imageConfig({ ...env, ...secrets })).toMatchObject({ dbAnonRole: 'web_anon' })
    }
  })

  test('lead to the ports of the image, and ask it for what it answers', () => {
    const { serverPort, adminServerPort } = imageConfig(secrets)
    expect(flyValue('internal_port')).toBe(String(serverPort))
    const asked = [...fly.matchAll(/port = (\d+)\n(?:.*\n)?\s*path = '([^']+)'/g)]
    const checks = asked.map((match) => [Number(match[1]), match[2]])
    expect(checks).toEqual([
      [adminServerPort, '/health'],
      [adminServerPort, '/metrics'],
    ])
    expect(renderEnv['PORT']).toBe(String(serverPort))
    // Render asks the API itself
    expect(at(service, 'healthCheckPath')).toBe('/')
  })

  test('wait until a process has ended, which they ask with SIGTERM', () => {
    expect(flyValue('kill_signal')).toBe('SIGTERM')
    const least = drainMs / 1000 + 10
    expect(Number(flyValue('kill_timeout'))).toBeGreaterThan(least)
    expect(Number(at(service, 'maxShutdownDelaySeconds'))).toBeGreaterThan(least)
  })
})

describe('systemd', () => {
  const unit = read('deploy/systemd/dbrest@.service')
  const valuesOf = (name: string) =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1] ?? '')

  test('gives options that are taken, each admin server a port of its own', () => {
    const credentials = valuesOf('LoadCredential').map((each) => each.split(':')[0])
    const env = Object.fromEntries(
      valuesOf('Environment')
        .map((text) => text.replaceAll('%i', '3002').replaceAll('%d', '/run/credentials'))
        .map((text) => text.split(/=(.*)/s).slice(0, 2)),
    )
    expect(credentials).toEqual(['db-uri', 'jwt-secret'])
    const config = loadTestConfig({
      file: read('deploy/systemd/dbrest.conf'),
      env,
      files: { '/run/credentials/db-uri': `${uri}\n`, '/run/credentials/jwt-secret': jwtSecret },
    })
    expect(config).toMatchObject({
      dbUri: uri,
      serverReuseport: true,
      serverPort: 3000,
      adminServerHost: '127.0.0.1',
      adminServerPort: 3002,
    })
  })

  test('waits for a first load and for an end as long as they may take', () => {
    const [start] = valuesOf('TimeoutStartSec')
    const [stop] = valuesOf('TimeoutStopSec')
    expect(Number(start) * 1000).toBeGreaterThan(imageConfig(secrets).dbSchemaLoadTimeout)
    expect(Number(stop)).toBeGreaterThan(drainMs / 1000 + 10)
  })

  test('lets V8 make machine code', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([])
  })
})

describe('proxies', () => {
  const texts = ['deploy/proxy/nginx.conf', 'deploy/proxy/Caddyfile'].map(read)

  test('lead to the ports of a server that is told no others, and hold back no events', () => {
    for (const text of texts) {
      const named = [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => match[1])
      expect(new Set(named)).toEqual(new Set(['3000', '3001']))
    }
    expect(texts[0]).toMatch(/events \{[^}]*proxy_buffering off;/)
    expect(texts[1]).toMatch(/127\.0\.0\.1:3001 \{\s*flush_interval -1/)
  })

  test('take bodies as large as a server does', () => {
    const [, mebibytes] = /client_max_body_size (\d+)m;/.exec(texts[0] ?? '') ?? []
    expect(Number(mebibytes) * 1024 * 1024).toBe(imageConfig(secrets).maxRequestBody)
  })
})
