import { isOfClass } from '../../../src/access/request-class';
import type { RequestClass } from '../../../src/core/backend';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const CLASSES: readonly RequestClass[] = ['preflight', 'head', 'probe', 'bot'];

const classesOf = (
  method: string,
  userAgent: string,
  headers: { origin?: string; accessControlRequestMethod?: string } = {},
): RequestClass[] => {
  const facts = { method, userAgent, origin: undefined, accessControlRequestMethod: undefined, ...headers };
  return CLASSES.filter((name) => isOfClass(name, facts));
};

test.each([
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', ['bot']],
  ['Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)', ['bot']],
  ['Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)', ['bot']],
  ['kube-probe/1.30', ['probe']],
  ['ELB-HealthChecker/2.0', ['probe']],
  ['GoogleHC/1.0', ['probe']],
  ['Prometheus/2.54.1', ['probe']],
  ['Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)', ['probe']],
  ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', ['bot']],
  ['Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)', ['bot']],
  // Libraries of API clients, which isbot has as well.
  ['curl/8.5.0', []],
  ['okhttp/4.12.0', []],
  ['python-requests/2.32.3', []],
  ['Go-http-client/2.0', []],
  ['axios/1.7.9', []],
  ['Shop/3.1 (iPhone; iOS 17.5)', []],
  [CHROME, []],
  ['', []],
])('%s is %j', (userAgent, classes) => {
  expect(classesOf('GET', userAgent)).toEqual(classes);
});

test('a preflight is an OPTIONS with both of its headers', () => {
  const headers = { origin: 'https://shop.example.com', accessControlRequestMethod: 'PUT' };
  expect(classesOf('OPTIONS', CHROME, headers)).toEqual(['preflight']);
  expect(classesOf('OPTIONS', CHROME, { origin: headers.origin })).toEqual([]);
  expect(classesOf('OPTIONS', CHROME, { accessControlRequestMethod: 'PUT' })).toEqual([]);
  expect(classesOf('GET', CHROME, headers)).toEqual([]);
});

test('HEAD is known by its method alone', () => {
  expect(classesOf('HEAD', CHROME)).toEqual(['head']);
});
