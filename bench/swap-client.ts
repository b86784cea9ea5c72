/**
 * Reads through the control port until told to stop, then tells its reads: `swap-client.ts DATA_DIR QUERIES`, QUERIES in JSON, started with an IPC
 * channel.
 */
import { ControlClient } from '../src/service/control-client.ts';
import { liveService } from '../src/service/service-file.ts';
import { readOn } from './read-on.ts';

const [dataDir = '', queries = '[]'] = process.argv.slice(2);
const address = liveService(dataDir);
if (address === undefined) throw new Error(`no service at ${dataDir}`);
let ended = false;
process.once('message', () => (ended = true));
using client = new ControlClient(address, () => {});
const ask = (sql: string): Promise<unknown> => client.streamQuery(sql, {}, { columns: () => {}, rows: () => {} });
const reads = await readOn(ask, JSON.parse(queries) as string[], () => ended);
process.send?.(reads, () => process.disconnect());
