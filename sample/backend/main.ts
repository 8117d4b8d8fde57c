import { settingsOf } from './settings';
import { greeter } from './greeter';
import { pages } from './pages';
import { service } from './service';
import { socket } from './socket';
import { worker } from './worker';
import { serve } from './serve';
import { serveGrpc } from './serve-grpc';

const apps = { pages, service, worker };

try {
  const settings = settingsOf(process.argv.slice(2), process.env);
  if (settings.app === 'grpc') serveGrpc(greeter(settings), settings);
  else serve(apps[settings.app](settings), settings, settings.app === 'service' ? socket(settings) : undefined);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
