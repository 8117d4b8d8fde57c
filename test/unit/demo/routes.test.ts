import { type Route, routeFor } from '../../../demo/kong/routes';

const service = { name: 'consumer', endpoints: () => [] };
const route = (id: string, match: Route['match'], path: string, hosts: string[] = []): Route => {
  return { id, match, path, hosts, stripPath: false, service, plugin: undefined };
};

const routes = [
  route('root', 'prefix', '/'),
  route('kong', 'prefix', '/kong/'),
  route('kong exact', 'exact', '/kong'),
  route('deep', 'prefix', '/kong/deep'),
  route('shop', 'prefix', '/', ['shop.example']),
];

describe('the router', () => {
  test.each([
    ['any.example', '/kong/', 'kong'],
    ['any.example', '/kong', 'kong exact'],
    ['any.example', '/kong/deep/er', 'deep'],
    ['any.example', '/kongress', 'root'],
    ['any.example', '/', 'root'],
    ['shop.example', '/kong/', 'shop'],
    ['SHOP.example:8080', '/', 'shop'],
  ])('%s%s goes to %s', (host, path, id) => {
    expect(routeFor(routes, host, path)?.id).toBe(id);
  });

  test('without a route for it, a request goes nowhere', () => {
    expect(routeFor([route('kong', 'prefix', '/kong/')], 'any.example', '/foo')).toBeUndefined();
  });
});
