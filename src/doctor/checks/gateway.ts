import { ask, UNROUTED } from '../ask';
import { type Examination, error, ok, warning } from '../diagnosis';

export const gateway: Examination = {
  id: 'gateway',
  title: 'The gateway answers where probes are sent',
  why: 'Probes go through the gateway: one that is not answered never passes, and every held request ends at its deadline.',
  async examine(at) {
    const { gatewayUrl } = at.settings;
    const answer = await ask(at, gatewayUrl, UNROUTED);
    if (!answer.answered) {
      return [error(`${gatewayUrl}: ${answer.reason}.`, "Set SERVERLESS_GATEWAY_URL to Kong's proxy listener.")];
    }
    const server = answer.headers.server ?? answer.headers.via ?? '';
    if (/kong/i.test(server)) return [ok(`${gatewayUrl} answers ${answer.status} (${server}).`)];
    return [
      warning(
        `${gatewayUrl} answers ${answer.status}, and does not say that it is Kong.`,
        "Look whether that is Kong's proxy listener; with `headers = off` it cannot be told.",
      ),
    ];
  },
};
