/**
 * Where a person finds a server that was bound: addresses for machines → URLs for a browser, and a browser
 * that is shown one of them.
 */
import { spawn } from 'node:child_process'
import type { Config } from './config/config.ts'

export interface ServedUrls {
  /** Null: a Unix socket, as below. */
  readonly api: string | null
  /** Null as well where there is none. */
  readonly dashboard: string | null
}

/** Shape  `0.0.0.0:3000` → `http://localhost:3000/`; a path → null */
function urlOf(address: string, path: string): string | null {
  const port = /:(\d+)$/.exec(address)?.[1]
  if (port === undefined || address.includes('/')) return null
  const host = address.slice(0, -port.length - 1)
  const isAny = host === '0.0.0.0' || host === '[::]'
  return `http://${isAny ? 'localhost' : host}:${port}${path}/`
}

/** `admin`: null where there is no admin server. */
export function servedUrls(
  api: string,
  admin: string | null,
  { serverBasePath, adminDashboard }: Pick<Config, 'serverBasePath' | 'adminDashboard'>,
): ServedUrls {
  return {
    api: urlOf(api, serverBasePath ?? ''),
    dashboard: admin === null || !adminDashboard ? null : urlOf(admin, ''),
  }
}

const openers: Partial<Readonly<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** `onFailed`: there is no program to open it with. */
export function openBrowser(url: string, onFailed: () => void): void {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.once('error', onFailed)
  child.unref()
}
