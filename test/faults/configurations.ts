import * as fc from 'fast-check';
import type { FieldSchema, ObjectSchema } from '../../src/config/field-schema';
import { configSchema } from '../../src/config/schema';

/** What no field takes, and what people write by mistake. */
const astray: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(-1, 0, 1.5, 1e12, '', ' ', '0', '/', 'true', '☃', 'a'.repeat(5000), [], {}, [''], [null]),
  fc.string({ maxLength: 40 }),
  fc.integer(),
);

/** Values of a field: most of them within its limits, the rest just outside or something else. */
const valueOf = (schema: FieldSchema): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: within(schema) }, { weight: 1, arbitrary: astray });

const within = (schema: FieldSchema): fc.Arbitrary<unknown> => {
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return fc.array(valueOf(schema.items), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const { minimum: least = 0, maximum: most } = schema;
      return fc.constantFrom(least, most, least + 1, least - 1, most + 1, Math.floor((least + most) / 2));
    }
    case 'string':
      if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
      return fc.oneof(
        { weight: 4, arbitrary: fc.stringMatching(new RegExp(schema.pattern), { maxLength: 60 }) },
        { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 60 }) },
        {
          weight: 3,
          arbitrary: fc.constantFrom('/shop', '/healthz', 'shop', 'shop.example.com', 'http://shop/x', 'A: b'),
        },
      );
  }
};

const objectOf = ({ properties, required = [] }: ObjectSchema): fc.Arbitrary<unknown> =>
  fc.record(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueOf(schema)])), {
    // Few at a time: where everything is given, something is always wrong.
    requiredKeys: [...required],
  });

/** A configuration that is good, whatever else it gets. */
const GOOD = { backend: [{ target: '/shop', health: '/healthz', pubsub: 'pubsub', topic: 'shop' }] };

/** Configurations, from the schema and off it. */
export const configurations: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  objectOf(configSchema as unknown as ObjectSchema).map((config) => config as Record<string, unknown>),
  // One field alone: what is wrong with it is not hidden behind another.
  fc
    .constantFrom(...Object.entries(configSchema.properties as unknown as Record<string, FieldSchema>))
    .chain(([name, schema]) => valueOf(schema).map((value) => ({ ...GOOD, [name]: value }))),
);
