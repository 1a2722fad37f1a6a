/**
 * The API inside of an Express app, its admin app beside it: `node examples/express/server.js films.db`.
 * Needs the packages dbrest and express.
 */
import { openDbrest } from 'dbrest'
import express from 'express'

const dbrest = await openDbrest({ dbUri: process.argv[2] ?? 'films.db', log: console.error })

const app = express()
// before express.json(), which would read the bodies that the API is to read
app.use('/api', dbrest.listener)
// everything in it is for who runs the server: put your own check in front
app.use('/admin', dbrest.admin.listener)
app.use(express.json())
app.get('/', (_request, response) => response.send('The API is below /api'))

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { address, port } = server.address()
  console.log(`http://${address}:${port}/api/films`)
})

process.once('SIGTERM', () => {
  server.close()
  server.closeIdleConnections()
  dbrest.close()
})
