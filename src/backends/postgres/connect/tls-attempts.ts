/**
 * `sslmode` and what goes with it → how to try a connection, in order: with which TLS options, or
 * none. Certificates are read at each connect, so renewed files are used without a restart.
 *
 * Rule    PostgreSQL manual: libpq, SSL Support
 */
import type { ConnectionOptions, SecureVersion } from 'node:tls'
import type { ConnectionPlace, TlsSettings } from './parse-connection.ts'

/** `false`: in plain text. */
export type TlsAttempt = false | ConnectionOptions

export interface TlsFiles {
  /** Null: there is no such file. */
  readonly readFile: (path: string) => string | null
  /** Where the default files are; null: nowhere. */
  readonly home: string | null
}

const versions: ReadonlyMap<string, SecureVersion> = new Map([
  ['TLSv1', 'TLSv1'],
  ['TLSv1.1', 'TLSv1.1'],
  ['TLSv1.2', 'TLSv1.2'],
  ['TLSv1.3', 'TLSv1.3'],
])

/** Throws  Error whose message clients may see, hence without paths, when a certificate that is named, or needed, is not there */
export function tlsAttempts(
  place: ConnectionPlace,
  tls: TlsSettings,
  files: TlsFiles,
): readonly TlsAttempt[] {
  if (place.host.startsWith('/')) return [false]
  switch (tls.mode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, tlsOptions(place, tls, files)]
    case 'prefer':
      return [tlsOptions(place, tls, files), false]
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return [tlsOptions(place, tls, files)]
  }
}

function tlsOptions(place: ConnectionPlace, tls: TlsSettings, files: TlsFiles): ConnectionOptions {
  const read = (given: string | null, fallback: string, keyword: string): string | null => {
    const path = given ?? (files.home === null ? null : `${files.home}/.postgresql/${fallback}`)
    const text = path === null ? null : files.readFile(path)
    if (given !== null && text === null)
      throw new Error(`could not read the file that ${keyword} names\n`)
    return text
  }
  const usesSystemRoots = tls.rootCertificate === 'system'
  const root = usesSystemRoots ? null : read(tls.rootCertificate, 'root.crt', 'sslrootcert')
  // a root certificate at hand makes `require` check the chain
  const checksChain =
    usesSystemRoots || tls.mode.startsWith('verify') || (tls.mode === 'require' && root !== null)
  if (checksChain && !usesSystemRoots && root === null) {
    throw new Error('root certificate file does not exist\n')
  }
  const checksName = usesSystemRoots || tls.mode === 'verify-full'
  const certificate = read(tls.certificate, 'postgresql.crt', 'sslcert')
  const key = certificate === null ? null : read(tls.key, 'postgresql.key', 'sslkey')
  const minVersion = versions.get(tls.minVersion ?? 'TLSv1.2')
  const maxVersion = versions.get(tls.maxVersion ?? '')
  return {
    rejectUnauthorized: checksChain,
    ...(root === null ? {} : { ca: root }),
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
    ...(place.address !== null && tls.sendsServerName ? { servername: place.host } : {}),
    ...(certificate === null ? {} : { cert: certificate }),
    ...(key === null ? {} : { key }),
    ...(tls.keyPassword === null ? {} : { passphrase: tls.keyPassword }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  }
}
