/**
 * PostgREST's options about the server itself: addresses, log, answers, OpenAPI.
 */
import { logLevels } from '../core/log-level.ts'
import { openapiModes, openapiVersions } from './config.ts'
import { type OptionKey, type OptionTable, option } from './option.ts'
import {
  boolean,
  checkedText,
  choice,
  fileMode,
  optionalList,
  optionalPort,
  optionalText,
  port,
  text,
} from './option-kinds.ts'
import { isProxyUri } from './uri-syntax.ts'

type ServerOptionKey =
  | Exclude<Extract<OptionKey, `adminServer${string}`>, 'adminServerToken'>
  | Exclude<
      Extract<OptionKey, `server${string}`>,
      'serverWorkers' | 'serverTrustedProxies' | 'serverBasePath'
    >
  | Extract<OptionKey, `openapi${string}`>
  | 'clientErrorVerbosity'
  | 'logLevel'
  | 'logQuery'
  | 'urlUseLegacyTargetNames'

export const serverOptions: OptionTable<ServerOptionKey> = {
  adminServerHost: option('admin-server-host', text, '!4', {
    lookup: ['admin-server-host', 'server-host'],
    defaultNote: 'that of `server-host`',
    reload: 'boot',
    doc: 'The address of the admin server. Same special values as `server-host`. Bound to loopback, and without `admin-server-token`, it serves requests for `localhost` or a loopback address alone: behind a proxy that keeps the `Host` of its clients set the token.',
  }),
  adminServerPort: option('admin-server-port', optionalPort, null, {
    defaultNote: 'no admin server',
    reload: 'boot',
    doc: 'The port of the admin server (the dashboard at `/`, `/live`, `/ready`, `/health`, `/metrics`, `/schema`, `/schema_cache`, `/types.ts`, `/reloads`, `/events`, `/reload`). Keep it private, or set `admin-server-token`. Not the same as `server-port`.',
  }),
  adminServerUnixSocket: option('admin-server-unix-socket', optionalText, null, {
    reload: 'boot',
    doc: 'A Unix socket for the admin server, in place of its port.',
  }),
  adminServerUnixSocketMode: option('admin-server-unix-socket-mode', fileMode, 0o660, {
    reload: 'boot',
    doc: 'The file mode of `admin-server-unix-socket`, octal, from 600 to 777.',
  }),
  clientErrorVerbosity: option(
    'client-error-verbosity',
    choice(['verbose', 'minimal'], {
      problem: 'Invalid client-error-verbosity. Check your configuration.',
    }),
    'verbose',
    {
      inDatabase: true,
      doc: 'What error bodies hold: `code`, `message`, `details` and `hint`, or the first two only. The log is not affected.',
    },
  ),
  logLevel: option(
    'log-level',
    choice(logLevels, { problem: 'Invalid logging level. Check your configuration.' }),
    'error',
    {
      doc: 'What is logged of requests: none, those that fail with 5xx, also 4xx, all, or all with the events of pool and caches. Start, reloads and recovery are logged at every level.',
    },
  ),
  logQuery: option('log-query', boolean, false, {
    doc: 'Logs the statements of each request that is logged at this `log-level`, without parameter values.',
  }),
  openapiMode: option(
    'openapi-mode',
    choice(openapiModes, { problem: 'Invalid openapi-mode. Check your configuration.' }),
    'follow-privileges',
    {
      inDatabase: true,
      doc: 'The OpenAPI document at `/`: what the requesting role may use, everything, or no document (404).',
    },
  ),
  openapiSecurityActive: option('openapi-security-active', boolean, false, {
    inDatabase: true,
    doc: 'Describes the authentication in the OpenAPI document.',
  }),
  openapiServerProxyUri: option(
    'openapi-server-proxy-uri',
    checkedText(
      isProxyUri,
      'Malformed proxy uri, a correct example: https://example.com:8443/basePath',
    ),
    null,
    {
      inDatabase: true,
      doc: 'The address at which clients reach the server, for the OpenAPI document: http or https, without query and user.',
    },
  ),
  openapiVersion: option('openapi-version', choice(openapiVersions), '2.0', {
    doc: 'The version of the OpenAPI document at `/`, where a request does not ask for one by `Accept: application/openapi+json;version=3.1`.',
  }),
  serverCorsAllowedOrigins: option('server-cors-allowed-origins', optionalList, null, {
    defaultNote: 'any origin',
    inDatabase: true,
    doc: 'The origins that browsers may call from.',
  }),
  serverHost: option('server-host', text, '!4', {
    reload: 'boot',
    doc: 'The address to bind: a host, `*` (any IPv4 or IPv6), `*4` or `*6` (the same, with a preference), `!4` or `!6` (only that family).',
  }),
  serverPort: option('server-port', port, 3000, {
    reload: 'boot',
    doc: 'The TCP port; 0 takes any free one.',
  }),
  serverReuseport: option('server-reuseport', boolean, false, {
    reload: 'boot',
    doc: "Binds with `SO_REUSEPORT`, so that a second process can take over host and port without a gap. Give each an admin port of its own, and set the kernel's `net.ipv4.tcp_migrate_req` to 1, or connections that the leaving process has not accepted yet are reset.",
  }),
  serverTimingEnabled: option('server-timing-enabled', boolean, false, {
    inDatabase: true,
    doc: 'Adds a `Server-Timing` header with the duration of each stage.',
  }),
  serverTraceHeader: option('server-trace-header', optionalText, null, {
    inDatabase: true,
    doc: 'A request header that is sent back with the response, e.g. `X-Request-Id`.',
  }),
  serverUnixSocket: option('server-unix-socket', optionalText, null, {
    reload: 'boot',
    doc: 'A Unix socket to bind in place of host and port.',
  }),
  serverUnixSocketMode: option('server-unix-socket-mode', fileMode, 0o660, {
    reload: 'boot',
    doc: 'The file mode of `server-unix-socket`, octal, from 600 to 777.',
  }),
  urlUseLegacyTargetNames: option('url-use-legacy-target-names', boolean, true, {
    inDatabase: true,
    doc: 'Lets filters, orders and limits name an embedded relation although it has an alias. Deprecated: each such request is answered with a warning.',
  }),
}
