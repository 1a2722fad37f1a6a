/**
 * The schema mark's keeper: what the command line runs on the configured server, on a session that
 * can write.
 */
import type { Config } from '../../config/config.ts'
import type { MarkKeeper } from '../backend.ts'
import { createControlConnection } from './connect/control-connection.ts'
import { installMark, removeMark } from './mark/install-mark.ts'
import { markScript } from './mark/mark-script.ts'
import { type OpenConnectorDeps, openConnector } from './open-connector.ts'

/** Throws  an Error whose message a user understands, when `db-uri` is not understood */
export function openPostgresMarkKeeper(
  deps: { readonly config: Config } & Pick<OpenConnectorDeps, 'env'>,
): MarkKeeper {
  const connector = openConnector({
    option: 'db-uri',
    uri: () => deps.config.dbUri,
    env: deps.env,
    onConnected: () => undefined,
  })
  const control = createControlConnection({
    connect: (signal) => connector.connect({ id: 'mark', signal }),
  })
  return {
    script: markScript(),
    install: (signal) => control.run(installMark, signal),
    remove: (signal) => control.run(removeMark, signal),
    close: () => control.close(),
  }
}
