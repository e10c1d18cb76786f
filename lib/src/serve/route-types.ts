import type { SourceFile } from 'typescript7/unstable/ast';
import type { Checker } from 'typescript7/unstable/sync';
import { isNbserveError } from '../core/index.js';
import { batchedMethodsOf, type ClassSchema, McpWithoutRoutes, NoTypes, routesOf } from '../schemas/index.js';
import type { FileTypes, RoutedClass } from '../schemas/typescript/index.js';
import type { DeploymentDefinition } from './deployment.js';
import { originOf } from './modules/index.js';
import { cellSourceOf } from './pack.js';

/**
 * Asks the checker of a notebook's cells about the cell of a source id.
 * @returns undefined if the checker of this notebook cannot be asked
 */
export type TypeSource = <T>(sourceId: string, ask: (checker: Checker, file: SourceFile) => T) => T | undefined;

let typeSource: TypeSource | null = null;

/** Set by a notebook's kernel. */
export function setTypeSource(source: TypeSource | null): void {
  typeSource = source;
}

/** The types of the routes of an application's deployments. A checker is loaded and started only for a class that has routes. */
export class RouteTypes {
  #files: FileTypes | undefined;

  /**
   * @returns undefined for a deployment without routes
   * @throws NBS_NO_SCHEMA, NBS_NO_TYPES, NBS_ROUTE_TWICE, NBS_MCP_WITHOUT_ROUTES
   */
  async describe({ name, target, config }: DeploymentDefinition): Promise<ClassSchema | undefined> {
    const routes = routesOf(name, target);
    if (routes.length === 0) {
      if (config.mcp === true) throw McpWithoutRoutes({ deployment: name });
      return undefined;
    }
    const routed: RoutedClass = { deployment: name, className: target.name || name, routes, batched: batchedMethodsOf(target) };
    try {
      const { describeClassIn, FileTypes: Files } = await import('../schemas/typescript/index.js');
      const sourceId = cellSourceOf(target);
      if (sourceId === undefined) {
        this.#files ??= new Files();
        return this.#files.describe(originOf(target)?.ref.sites ?? [], routed);
      }
      const schema = typeSource?.(sourceId, (checker, file) => describeClassIn(checker, file, { sourceId }, routed));
      if (schema !== undefined) return schema;
    } catch (error) {
      if (isNbserveError(error) || (error as Error).name === 'KeyboardInterrupt') throw error;
      const reason = `TypeScript 7 does not run here: ${error instanceof Error ? error.message : String(error)}`;
      throw NoTypes(
        { deployment: name, reason, remedy: 'install the package typescript7 with its part for this platform' },
        error,
      );
    }
    throw NoTypes({
      deployment: name,
      reason: 'the checker of this notebook (tslab) does not tell types',
      remedy: 'use the usual checker, or put the class into a module file and run that with `nbserve run`',
    });
  }

  close(): void {
    this.#files?.close();
  }
}
