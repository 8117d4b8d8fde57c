import { version } from '../../package.json';
import { kongFields } from '../config/kong-fields';
import type { PluginModule } from './contract';

/** What Kong is told about this plugin before it runs anything of it: by `serverless -dump`, or by a JS module's exports. */
export const moduleInfo = {
  Name: 'serverless',
  Version: version,
  /**
   * After authentication (key-auth 1003, jwt 1005) and rate limiting (901), so that a stranger wakes nothing; before
   * request-transformer (801), whose changes belong to the request that is proxied.
   */
  Priority: 810,
  Schema: kongFields,
};

/** What Kong reads about a plugin: in the output of `-dump`, and as the answer of GetPluginInfo. */
export interface PluginInfo {
  readonly Name: string;
  readonly Version: string;
  readonly Phases: readonly string[];
  readonly Priority: number;
  readonly Schema: {
    readonly name: string;
    readonly fields: readonly [{ readonly config: { readonly type: 'record'; readonly fields: readonly object[] } }];
  };
}

/** Describes a plugin in Kong's terms. */
export function pluginInfo(module: Pick<PluginModule, 'Name' | 'Version' | 'Priority' | 'Schema'>): PluginInfo {
  return {
    Name: module.Name,
    Version: module.Version,
    Phases: ['access'],
    Priority: module.Priority,
    Schema: { name: module.Name, fields: [{ config: { type: 'record', fields: module.Schema } }] },
  };
}

/**
 * The output of `-dump`. The plain array means `MsgPack:1` to Kong 2.8 and 3.x; 3.x reads only its first entry (K18,
 * K19, read in plugin_servers/process.lua).
 */
export function dumpPlugins(module: Parameters<typeof pluginInfo>[0]): string {
  return `${JSON.stringify([pluginInfo(module)])}\n`;
}
