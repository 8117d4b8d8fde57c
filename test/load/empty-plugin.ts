import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import type { PluginServerOfKong } from '../../real-parts/kong';
import { Process } from '../../real-parts/processes';

/** What a plugin costs on kong-pdk's own server that does nothing at all: the yardstick for ours. */
export interface EmptyPlugin {
  readonly pid: number;
  /** From exec until its socket is there, ms. */
  readonly startMs: number;
  forKong(): PluginServerOfKong;
  stop(): Promise<void>;
}

export const startEmptyPlugin = async (): Promise<EmptyPlugin> => {
  const folder = makeFolder('empty');
  const plugins = join(folder, 'plugins');
  const socket = join(folder, 'js_pluginserver.sock');
  mkdirSync(plugins);
  writeFileSync(
    join(plugins, 'empty.js'),
    "module.exports = { Name: 'empty', Version: '1.0.0', Priority: 1, Schema: [], Plugin: class { async access() {} } };\n",
  );
  const command = join(projectRoot, 'node_modules/kong-pdk/bin/kong-js-pluginserver');
  const from = performance.now();
  const server = await Process.start(process.execPath, [command, '-d', plugins, '-p', folder], {
    logFile: join(folder, 'server.log'),
  });
  await server.becomes('the empty plugin listens', () => Promise.resolve(existsSync(socket)), { everyMs: 1 });
  const startMs = performance.now() - from;
  const fields = [{ config: { type: 'record', fields: [] } }];
  const info = { Name: 'empty', Version: '1.0.0', Priority: 1, Phases: ['access'], Schema: { name: 'empty', fields } };
  return {
    pid: server.pid,
    startMs,
    forKong: () => ({ name: 'empty', socket, dump: JSON.stringify([info]) }),
    stop: async () => {
      await server.stop();
      await removeFolder(folder);
    },
  };
};
