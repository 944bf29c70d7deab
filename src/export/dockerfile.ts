import { nodeVersions } from './job-packages.js'

/** The port on which a job in its image serves metrics and health. */
export const healthPort = 9464

/**
 * The image of a job: built and tested in one stage, run in another that has what it needs at run time alone, as a user
 * without rights, writing to its state's volume and nowhere else.
 */
export function dockerfile(obslab: string): string {
  return `FROM node:${nodeVersions.image}-slim AS build
WORKDIR /job
COPY package.json package-lock.json ${obslab} ./
RUN npm ci
COPY tsconfig.json build.js ./
COPY src src
COPY test test
RUN npm test && npm run build && npm prune --omit=dev

FROM node:${nodeVersions.image}-slim
ENV NODE_ENV=production OBSLAB_STATE=/state OBSLAB_PORT=${healthPort}
WORKDIR /job
RUN mkdir --mode=700 /state && chown node:node /state
COPY --from=build /job/package.json ./
COPY --from=build /job/node_modules node_modules
COPY --from=build /job/dist dist
USER node
VOLUME /state
EXPOSE ${healthPort}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.OBSLAB_PORT + '/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
`
}

/** What is not sent to Docker. */
export const dockerIgnore = 'node_modules\ndist\nstate\n*.jsonl\n!test/*.jsonl\n'

/** What is not kept in Git: what is made, and the state, which holds values of rows. */
export const gitIgnore = 'node_modules/\ndist/\nstate/\n'
