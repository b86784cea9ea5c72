import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  readonly address: string;
  /** How often it has cut a connection. */
  readonly cuts: number;
  /** From now on it lets everything through. */
  mend(): void;
}

/**
 * A proxy before a broker without TLS that cuts the connection when a request of the given kind (Kafka's API key) comes,
 * as if the broker died just then.
 */
export async function cuttingProxy(broker: string, apiKey: number): Promise<CuttingProxy> {
  const [host, port] = broker.split(':') as [string, string];
  const sockets = new Set<Socket>();
  let cutting = true;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    const both = [client, upstream];
    const cut = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) sockets.add(socket.on('error', cut).on('close', cut));
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      // A request starts with its length (4 bytes) and its API key.
      if (!cutting || bytes.readInt16BE(4) !== apiKey) return upstream.write(bytes);
      cuts++;
      return cut();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    mend: () => void (cutting = false),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
