import type { Story } from '../story.ts';

const PLACES = ['HAM', 'ROT', 'BER', 'PAR'];
const EVENTS = ['Picked_up', 'arrived', 'departed', 'departed', 'exception', 'delivered', null];
const ATTRIBUTES = ['{"customer": "Acme", "fragile": true, "tags": ["a", "b"]}', '{"customer": "Bolt"}', '{}'];

/** A few shipments between four places, scanned on their way, with sensors attached to them now and then. */
export function logistics(story: Story): void {
  const { random } = story;
  for (const carrier_id of [1, 2]) {
    const carrier = { carrier_id, carrier_name: `Carrier ${carrier_id}`, scac: `C${carrier_id}`, sla_hours: null };
    story.putVersions('carriers', { ...carrier, service_levels: 'express, standard' }, () => ({
      service_levels: random.pick(['express', 'standard,economy,express', '']),
      carrier_name: random.pick(['Carrier', 'Other']),
    }));
  }
  PLACES.forEach((location_id, i) => {
    const parent_location_id = i === 0 ? null : story.maybe(random.pick(PLACES.slice(0, i)));
    const country = i < 3 ? 'de' : 'fr';
    const kind = random.pick(['depot', 'hub', 'store', 'port']);
    const lat = story.maybe(random.float() * 50);
    const place = { location_id, location_name: `Place ${i}`, country, kind, lat, lon: 9.5, parent_location_id };
    story.putVersions('locations', place, () => ({ parent_location_id: story.maybe(random.pick(PLACES)) }));
  });
  story.times(2, 5, (i) => shipment(story, `SH${i + 1}`));
  for (const device_id of ['d1', 'd2']) sensor(story, device_id);
}

function shipment(story: Story, shipment_id: string): void {
  const { random } = story;
  const hour = random.below(72);
  story.putVersions(
    'shipments',
    {
      shipment_id,
      carrier_id: story.maybe(random.pick([1, 2, 3])),
      origin_id: random.pick(PLACES),
      destination_id: random.pick(PLACES),
      service_level: 'express',
      status: 'booked',
      weight_kg: random.pick([0.3, 12.7, 31.9, 1200.1]) * (1 + random.float()),
      booked_at: story.at(hour),
      promised_at: story.maybe(story.at(hour + 24 * random.below(4))),
      attributes: story.maybe(random.pick(ATTRIBUTES)),
    },
    () => ({ status: random.pick(['moving', 'lost', 'delivered']), carrier_id: random.pick([1, 2, null]) }),
  );
  story.times(0, 6, (n) => {
    const scan = {
      shipment_id,
      scan_number: n + 1,
      location_id: story.maybe(random.pick(PLACES), 0.1),
      event_type: random.pick(EVENTS),
      scanned_at: story.at(hour + n * 9 + random.below(20)),
      scanned_by: null,
    };
    story.putVersions('scans', scan, () => ({ event_type: random.pick(EVENTS) }));
  });
  story.times(0, 2, (n) => {
    const [opened, resolved] = [story.at(hour + random.below(30)), story.at(hour + random.below(90))];
    story.putVersions(
      'exceptions',
      {
        exception_id: Number(shipment_id.slice(2)) * 10 + n,
        shipment_id: story.maybe(shipment_id, 0.2),
        category: story.maybe(random.pick(['damage', 'customs'])),
        severity: story.maybe(random.below(5)),
        opened_at: story.maybe(opened),
        resolved_at: story.maybe(resolved, 0.6),
        resolution: null,
        cost: story.maybe((random.below(10_000) / 100).toFixed(2), 0.5),
      },
      () => ({ resolved_at: resolved, resolution: 'done' }),
    );
  });
  story.times(0, 2, () => {
    const order = { shipment_id, order_id: 1 + random.below(3), quantity: random.below(5) };
    story.putVersions('shipment_orders', order, () => ({ quantity: random.below(9) }));
  });
}

function sensor(story: Story, device_id: string): void {
  const { random } = story;
  story.times(0, 3, (n) => {
    const attached_at = story.at(24 * n + random.below(24));
    const shipment_id = story.maybe(`SH${1 + random.below(4)}`, 0.2);
    story.putVersions('device_assignments', { device_id, attached_at, shipment_id }, () => ({
      shipment_id: `SH${1 + random.below(4)}`,
    }));
  });
  story.times(2, 14, () => {
    const read_at = story.at(24 + random.below(8) / 4 + 24 * random.below(3));
    const reading = random.chance(0.05) ? 'NaN' : 8 + random.normal() * 4;
    const metric = random.pick(['temperature', 'temperature', 'temperature', 'humidity']);
    story.put('readings', { device_id, read_at, metric, reading, quality: random.pick([null, 'ok', 'bad', null]) });
  });
}
