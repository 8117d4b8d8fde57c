import { type Client, credentials, makeGenericClientConstructor, ServerCredentials } from '@grpc/grpc-js';
import type {
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  Server,
} from '@grpc/grpc-js';
import type { CallOptions, ServiceError, StatusObject } from '@grpc/grpc-js';
import { freePort } from '../../real-parts/ports';
import { definitions, greeter, type HelloReply, type HelloRequest } from '../../sample/backend/greeter';

type Callback = (error: ServiceError | null, reply?: HelloReply) => void;

/** The sample's client. */
export interface GreeterClient extends Client {
  hello(request: HelloRequest, options: CallOptions, callback: Callback): ClientUnaryCall;
  count(request: HelloRequest): ClientReadableStream<HelloReply>;
  gather(callback: Callback): ClientWritableStream<HelloRequest>;
  chat(): ClientDuplexStream<HelloRequest, HelloReply>;
}

const Greeter = makeGenericClientConstructor(definitions().greeter, 'Greeter');

/** A client of the gateway. */
export const greeterClient = (port: number, tls: boolean, host = '127.0.0.1'): GreeterClient => {
  const secure = (): ReturnType<typeof credentials.createSsl> =>
    credentials.createSsl(null, null, null, { rejectUnauthorized: false });
  return new Greeter(`${host}:${port}`, tls ? secure() : credentials.createInsecure(), {
    // Each client has a connection of its own.
    'grpc.use_local_subchannel_pool': 1,
  }) as unknown as GreeterClient;
};

/** How a call ended, with whatever it gave before. */
export interface Ended {
  readonly replies: readonly string[];
  readonly status: Pick<StatusObject, 'code' | 'details' | 'metadata'>;
}

/** Says hello; resolves also with a status that is an error. */
export const hello = (client: GreeterClient, options: CallOptions = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const replies: string[] = [];
    const call = client.hello({ name: 'unary' }, options, (_, reply) => {
      if (reply !== undefined) replies.push(reply.message);
    });
    call.on('status', (status) => {
      resolve({ replies, status });
    });
  });

/** The replies of a stream, until its status comes. */
export const ended = (call: ClientReadableStream<HelloReply>): Promise<Ended> =>
  new Promise((resolve) => {
    const replies: string[] = [];
    call.on('data', ({ message }: HelloReply) => replies.push(message));
    call.on('error', () => undefined);
    call.on('status', (status) => {
      resolve({ replies, status });
    });
  });

/** The sample's gRPC server, which can be asleep: nothing listens on its port then. */
export class GrpcBackend {
  #server: Server | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<GrpcBackend> {
    return new GrpcBackend(await freePort());
  }

  /** @param authorities gets the `:authority` of each call */
  async wake(authorities: unknown[] = []): Promise<void> {
    const server = greeter({ replica: 'one' }, (call) => authorities.push(call.getHost()));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  stop(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = undefined;
    return Promise.resolve();
  }
}
