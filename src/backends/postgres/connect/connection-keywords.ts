/**
 * The connection parameters that libpq knows, each with the environment variable that completes
 * it. A name that is not here is an error, as it is to libpq.
 *
 * Rule    PostgreSQL manual: libpq, Parameter Key Words and Environment Variables
 */
export const connectionKeywords: ReadonlyMap<string, string | null> = new Map([
  ['host', 'PGHOST'],
  ['hostaddr', 'PGHOSTADDR'],
  ['port', 'PGPORT'],
  ['dbname', 'PGDATABASE'],
  ['user', 'PGUSER'],
  ['password', 'PGPASSWORD'],
  ['passfile', 'PGPASSFILE'],
  ['service', 'PGSERVICE'],
  ['servicefile', 'PGSERVICEFILE'],
  ['options', 'PGOPTIONS'],
  ['application_name', 'PGAPPNAME'],
  ['fallback_application_name', null],
  ['connect_timeout', 'PGCONNECT_TIMEOUT'],
  ['target_session_attrs', 'PGTARGETSESSIONATTRS'],
  ['load_balance_hosts', 'PGLOADBALANCEHOSTS'],
  ['sslmode', 'PGSSLMODE'],
  ['sslnegotiation', 'PGSSLNEGOTIATION'],
  ['sslrootcert', 'PGSSLROOTCERT'],
  ['sslcert', 'PGSSLCERT'],
  ['sslkey', 'PGSSLKEY'],
  ['sslpassword', null],
  ['sslsni', 'PGSSLSNI'],
  ['ssl_min_protocol_version', 'PGSSLMINPROTOCOLVERSION'],
  ['ssl_max_protocol_version', 'PGSSLMAXPROTOCOLVERSION'],
  ['channel_binding', 'PGCHANNELBINDING'],
  ['require_auth', 'PGREQUIREAUTH'],
  ['gssencmode', 'PGGSSENCMODE'],
  ['keepalives', null],
  ['keepalives_idle', null],
  // known and without effect here: the sockets, the text encoding and the protocol are ours
  ['client_encoding', null],
  ['gssdelegation', null],
  ['gsslib', null],
  ['keepalives_count', null],
  ['keepalives_interval', null],
  ['krbsrvname', null],
  ['max_protocol_version', null],
  ['min_protocol_version', null],
  ['requirepeer', null],
  ['sslcertmode', null],
  ['sslcompression', null],
  ['sslcrl', null],
  ['sslcrldir', null],
  ['tcp_user_timeout', null],
])

/** Variables that set a server setting for the session rather than a connection parameter. */
export const sessionVariables: readonly (readonly [variable: string, setting: string])[] = [
  ['PGTZ', 'TimeZone'],
  ['PGDATESTYLE', 'DateStyle'],
  ['PGGEQO', 'geqo'],
]
