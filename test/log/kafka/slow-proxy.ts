import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const STEPS_A_SECOND = 20;

/** A proxy from `port` to the broker that hands on no more than so many bytes of answers a second, on each connection. */
export async function slowProxy(port: number, broker: number, bytesASecond: number): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(broker, '127.0.0.1');
    const both = [client, upstream];
    const cut = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) sockets.add(socket.on('error', cut).on('close', cut));
    client.pipe(upstream);
    void trickle(upstream, client, bytesASecond).catch(cut);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function trickle(from: Socket, to: Socket, bytesASecond: number): Promise<void> {
  const step = Math.ceil(bytesASecond / STEPS_A_SECOND);
  for await (const bytes of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < bytes.length; at += step) {
      const part = bytes.subarray(at, at + step);
      to.write(part);
      await sleep((part.length / bytesASecond) * 1000);
    }
  }
}
