# dbrest as a container: built from source, run as an unprivileged user.
FROM node:24-bookworm-slim AS build
WORKDIR /app
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
# install scripts run after the sources are there: `prepare` builds them
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY src ./src
COPY scripts/bundle.js scripts/keep-public-types.js ./scripts/
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY dashboard ./dashboard
COPY LICENSE ./
# weaker than whatever a user sets, in whichever way
COPY docker/image ./docker/image
# a volume mounted here is writable for the user that the server runs as
RUN mkdir /data && chown 1000:1000 /data
# the image's user `node`, by number: Kubernetes cannot tell of a name that it is not root
USER 1000:1000
EXPOSE 3000 3001
# asks the admin server's /health: yes whenever requests are answered
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "docker/image/health.js"]
STOPSIGNAL SIGTERM
# stack traces in the log name lines of the sources
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js", "--defaults", "docker/image/defaults.conf"]
