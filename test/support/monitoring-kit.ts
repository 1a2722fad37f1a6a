/** The expressions of the alert rules and the dashboard in deploy/monitoring, with where they stand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const monitoringFolder = join(import.meta.dirname, '..', '..', 'deploy', 'monitoring')

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource: { readonly uid: string }
  readonly targets: readonly {
    readonly expr: string
    readonly refId: string
    readonly legendFormat: string
    readonly datasource: { readonly uid: string }
  }[]
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[]
  }
}

function read(name: string): string {
  return readFileSync(join(monitoringFolder, name), 'utf8')
}

export function readAlertRules(): readonly AlertRule[] {
  const { groups } = parse(read('alerts.yaml')) as {
    readonly groups: readonly { readonly rules: readonly AlertRule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
}

export function readDashboard(): Dashboard {
  return JSON.parse(read('grafana-dashboard.json')) as Dashboard
}

/** Each with where it stands. */
export function kitExpressions(): readonly (readonly [string, string])[] {
  return [
    ...readAlertRules().map(({ alert, expr }) => [alert, expr] as const),
    ...readDashboard().panels.flatMap(({ title, targets }) =>
      targets.map(({ expr, refId }) => [`${title} ${refId}`, expr] as const),
    ),
  ]
}
