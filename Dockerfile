# dbrest as a container: built from source, run as an unprivileged user.
FROM node:22-bookworm-slim AS build
WORKDIR /app
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
# install scripts run after the sources are there: `prepare` builds them
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
# the weaker of the two names, so that a user's own wins under either
ENV NODE_ENV=production \
    PGRST_SERVER_HOST=!4 \
    PGRST_ADMIN_SERVER_PORT=3001
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./
# a volume mounted here is writable for the user that the server runs as
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 3000 3001
# --health asks the admin server's /health on loopback: yes whenever requests are answered
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "dist/main.js", "--health"]
STOPSIGNAL SIGTERM
# stack traces in the log name lines of the sources
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
