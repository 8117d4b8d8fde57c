import { loadsPlugin, pluginsOf } from '../../manifests/gateways';
import { words } from '../../manifests/value';
import type { Rule } from '../rule';

export const gatewayPlugins: Rule = {
  id: 'gateway-plugins',
  severity: 'error',
  title: 'The gateway loads the plugin',
  why: 'A KongPlugin that names a plugin which this Kong lacks makes Kong refuse its whole configuration: no route changes any more.',
  fix: "Write env.plugins: 'bundled, serverless' and env.pluginserver_names: serverless in the chart's values.",
  *check(set) {
    for (const gateway of set.gateways) {
      const servers = gateway.setting('pluginserver_names');
      // Values are laid over each other: a file that says nothing of plugins adds to one that does.
      const layered = set.gateways.some((other) => other !== gateway && loadsPlugin(other, 'serverless'));
      if (layered && gateway.setting('plugins') === undefined) continue;
      if (!loadsPlugin(gateway, 'serverless')) {
        const at = gateway.settingPlace('plugins');
        yield { at, message: `plugins is "${pluginsOf(gateway)}", without serverless.` };
      } else if (!gateway.mounted.includes('serverless') && !words(servers).includes('serverless')) {
        const at = gateway.settingPlace('pluginserver_names');
        yield { at, message: `pluginserver_names is "${servers ?? ''}": Kong asks nobody for the plugin serverless.` };
      }
    }
  },
};
