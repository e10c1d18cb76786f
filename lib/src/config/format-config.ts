import type { ApplicationConfig, DeployConfig } from './types.js';

/** Writes applications as YAML that {@link parseConfig} reads, with the same result. */
export async function formatConfig(
  applications: readonly ApplicationConfig[],
  cluster: DeployConfig['cluster'] = {},
): Promise<string> {
  const { Document } = await import('yaml');
  const document = new Document(
    { ...(Object.keys(cluster).length === 0 ? {} : { cluster }), applications },
    { aliasDuplicateObjects: false },
  );
  return document.toString({ lineWidth: 0 });
}
