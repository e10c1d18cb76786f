import { resolve } from 'node:path';
import { shownValue } from '../core/index.js';
import { ClusterGone, type ClusterInfo, clusterIn, dashboardUrl, listLocalClusters } from '../engine/index.js';
import { AddressOfRay, InvalidAddress } from './errors.js';

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;
const HOST_AND_PORT = /^(?:\[[\da-f:.]+\]|[^\s/\\:]+):\d+\/?$/i;

/**
 * The clusters of this user on this machine that a text names: their folder, their name or the name of their folder, or an address at which they, their
 * REST API or the Ray that they run on is reached. Several clusters can have one name, or run on one Ray.
 */
export function clustersNamed(address: string): readonly ClusterInfo[] {
  if (address === '') return [];
  const there = clusterIn(resolve(address));
  if (there !== undefined) return [there];
  const all = listLocalClusters();
  const named = all.filter(({ id, name }) => [id, name].includes(address) || name === resolve(address));
  if (named.length > 0) return named;
  const place = placeOf(address);
  return place === undefined ? [] : all.filter((info) => placesOf(info).includes(place));
}

/** Why {@link clustersNamed} finds none, for the user. */
export function noClusterNamed(address: string): Error {
  if (address === '') return InvalidAddress({ address: shownValue(address) });
  return placeOf(address) === undefined ? ClusterGone({ path: resolve(address) }) : AddressOfRay({ address });
}

const placesOf = ({ dir, url, ray }: ClusterInfo): readonly (string | undefined)[] =>
  [url, dashboardUrl(dir) ?? '', ray].map((each) => placeOf(each));

/** `host:port` of a URL, also if it is written without `http://`; `undefined` if the text is no such thing. */
export function placeOf(address: string): string | undefined {
  const text = SCHEME.test(address) ? address : HOST_AND_PORT.test(address) ? `http://${address}` : '';
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  const host = hostname === 'localhost' ? '127.0.0.1' : hostname.toLowerCase();
  return `${host}:${port || (protocol === 'https:' ? 443 : 80)}`;
}
