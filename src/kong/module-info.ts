import { version } from '../../package.json';
import { kongFields } from '../config/kong-fields';

/** What Kong reads about the plugin before it runs anything of it: `serverless -dump`, or a JS module's exports. */
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
