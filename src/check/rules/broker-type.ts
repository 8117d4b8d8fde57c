import type { Rule } from '../rule';

export const brokerType: Rule = {
  id: 'broker-type',
  severity: 'error',
  title: 'KEDA watches the broker that Dapr publishes to',
  why: 'Wake-ups go to one broker and KEDA looks at another: the backend is never started.',
  fix: "Use the trigger for the Component's broker, or the Component for the trigger's.",
  *check(set) {
    for (const backend of set.backends) {
      const known = set.componentsOf(backend).filter(({ broker }) => broker !== undefined);
      const scaledObjects = set
        .scaledObjectsOf(backend)
        .filter(({ triggers }) => triggers.some(({ broker }) => broker !== undefined));
      // A folder may hold a Component and a ScaledObject per broker: one pair that fits is enough.
      if (known.length === 0 || known.some((component) => set.triggersOf(backend, component).length > 0)) continue;
      for (const { triggers } of scaledObjects) {
        const [trigger] = triggers;
        if (trigger === undefined) continue;
        const types = known.map(({ type }) => type).join(', ');
        yield { at: trigger.place, message: `The trigger is ${trigger.type}, the Component ${types}.` };
      }
    }
  },
};
