/**
 * The files of the dashboard, by the paths that they are served at. They are plain files of the
 * package, read once; what is not among them cannot be asked for.
 *
 * The page may load nothing but these files, ask nobody but this server, be framed by no other page,
 * and make no markup of text: what a relation is named is shown, whatever it is.
 *
 * Rule  W3C Content Security Policy Level 3; Trusted Types
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { packageFile } from '../core/package-file.ts'

interface DashboardFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const mediaTypes: Readonly<Partial<Record<string, string>>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

let files: ReadonlyMap<string, DashboardFile> | null = null

/** Null: there is no such file. */
export function dashboardFile(path: string): DashboardFile | null {
  files ??= readFiles()
  return files.get(path) ?? null
}

function readFiles(): ReadonlyMap<string, DashboardFile> {
  const read = new Map<string, DashboardFile>()
  const folder = packageFile('dashboard')
  if (!existsSync(folder)) return read
  for (const name of readdirSync(folder)) {
    const type = mediaTypes[extname(name)]
    if (type === undefined) continue
    const bytes = new Uint8Array(readFileSync(join(folder, name)))
    read.set(name === 'index.html' ? '/' : `/dashboard/${name}`, {
      bytes,
      headers: {
        'Content-Type': type,
        'Content-Security-Policy': policy,
        // a newer version of the package has newer files
        'Cache-Control': 'no-cache',
        ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
    })
  }
  return read
}
