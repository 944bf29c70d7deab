/** Packages that an exported job installs besides obslab, in the versions that obslab is tested with. */
export const jobPackages: {
  readonly runtime: Readonly<Record<string, string>>
  readonly development: Readonly<Record<string, string>>
  readonly overrides: Readonly<Record<string, string>>
} = {
  runtime: { lmdb: '3.5.6', mysql2: '3.24.6', pino: '10.4.0', 'prom-client': '15.1.3' },
  development: { '@types/node': '22.20.5', esbuild: '0.28.2', typescript: '5.9.3', vitest: '4.1.12' },
  // Of its later versions, which lmdb would get, not all platforms were published, and npm ci refuses such a tree.
  overrides: { 'msgpackr-extract': '3.0.4' },
}

/** The oldest Node that a job runs on, and the one that its image has. */
export const nodeVersions: { readonly least: string; readonly image: string } = {
  least: '20.19.0',
  image: '20.20.2',
}
