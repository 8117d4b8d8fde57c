import { Server, type sendUnaryData, type ServerUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { Settings } from './settings';

/**
 * `message HelloRequest { string name = 1; uint32 seconds = 2; }` and so on, as protobuf.js writes it. Its typings want a comment at each
 * method, which it does not.
 */
const DESCRIPTION = {
  nested: {
    sample: {
      nested: {
        HelloRequest: { fields: { name: { type: 'string', id: 1 }, seconds: { type: 'uint32', id: 2 } } },
        HelloReply: { fields: { message: { type: 'string', id: 1 }, replica: { type: 'string', id: 2 } } },
        Greeter: {
          methods: {
            Hello: { requestType: 'HelloRequest', responseType: 'HelloReply' },
            Count: { requestType: 'HelloRequest', responseType: 'HelloReply', responseStream: true },
            Gather: { requestType: 'HelloRequest', responseType: 'HelloReply', requestStream: true },
            Chat: {
              requestType: 'HelloRequest',
              responseType: 'HelloReply',
              requestStream: true,
              responseStream: true,
            },
          },
        },
      },
    },
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: { fields: { status: { type: 'ServingStatus', id: 1 } } },
                ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } },
                Health: {
                  methods: { Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' } },
                },
              },
            },
          },
        },
      },
    },
  },
};

export interface HelloRequest {
  readonly name?: string;
  readonly seconds?: number;
}

export interface HelloReply {
  readonly message: string;
  readonly replica: string;
}

/** The services, by their full names. */
export function definitions(): Readonly<Record<'greeter' | 'health', ServiceDefinition>> {
  const loaded = fromJSON(DESCRIPTION as unknown as Parameters<typeof fromJSON>[0], { defaults: true, enums: String });
  return {
    greeter: loaded['sample.Greeter'] as ServiceDefinition,
    health: loaded['grpc.health.v1.Health'] as ServiceDefinition,
  };
}

/**
 * A gRPC server with each kind of call, and the standard health service that the gateway's plugin asks.
 *
 * @param onHello told of each unary call
 */
export function greeter(
  { replica }: Pick<Settings, 'replica'>,
  onHello: (call: ServerUnaryCall<HelloRequest, HelloReply>) => void = () => undefined,
): Server {
  const { greeter: service, health } = definitions();
  const reply = (message: string): HelloReply => ({ message, replica });
  const server = new Server();
  server.addService(health, {
    Check: (_: unknown, answer: sendUnaryData<object>) => {
      answer(null, { status: 'SERVING' });
    },
  });
  server.addService(service, {
    Hello: (call: ServerUnaryCall<HelloRequest, HelloReply>, answer: sendUnaryData<HelloReply>) => {
      onHello(call);
      answer(null, reply(`Hello ${call.request.name ?? ''}`));
    },
    /** One reply a second, for so many seconds. */
    Count: (call: ServerWritableStream<HelloRequest, HelloReply>) => {
      count(call, call.request.seconds ?? 0, reply);
    },
    Gather: (call: ServerReadableStream<HelloRequest, HelloReply>, answer: sendUnaryData<HelloReply>) => {
      const names: string[] = [];
      call.on('data', ({ name = '' }: HelloRequest) => names.push(name));
      call.on('end', () => {
        answer(null, reply(`Hello ${names.join(', ')}`));
      });
    },
    Chat: (call: ServerDuplexStream<HelloRequest, HelloReply>) => {
      call.on('data', ({ name = '' }: HelloRequest) => call.write(reply(`Hello ${name}`)));
      call.on('end', () => {
        call.end();
      });
    },
  });
  return server;
}

function count(
  call: ServerWritableStream<HelloRequest, HelloReply>,
  seconds: number,
  reply: (message: string) => HelloReply,
): void {
  let second = 0;
  const next = (): void => {
    if (call.cancelled) return;
    if (second === seconds) {
      call.end();
      return;
    }
    second += 1;
    call.write(reply(`${second} of ${seconds}`));
    setTimeout(next, 1000);
  };
  next();
}
