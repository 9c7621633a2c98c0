/** The hash tag keeps all keys of a job in one slot. The other keys of a job are named in shared.lua. */
export function jobKey(id: string): string {
  return `sg:{${id}}`;
}

/** Pattern of the jobs' own keys, and which job one is of. */
export const jobKeys = "sg:{*}";

export function jobOfKey(key: string): string {
  return key.slice("sg:{".length, -"}".length);
}

export function eventsKey(id: string): string {
  return `${jobKey(id)}:events`;
}

/** Hash: "f" or "t" and the earner -> their fuel, their tasks (see shared.lua). */
export function earnedKey(id: string): string {
  return `${jobKey(id)}:earned`;
}

/** Hash: id of a job that has not ended -> when it was made. Written before the job and cleared after it ended. */
export const activeKey = "sg:active";
/** Set: ids of removed jobs whose outputs are still being deleted. */
export const garbageKey = "sg:garbage";
export const jobsChannel = "sg:jobs";

/** Hash: "catalog process" -> when it was last seen (ms). */
export const usersKey = "sg:users";
/** Pattern of the sets of large outputs (see shared.lua). */
export const largeKeys = "sg:{*}:large:*";

const blobPrefix = "sg:blob:";
export const blobKeys = `${blobPrefix}*`;

export function blobKey(digest: string): string {
  return blobPrefix + digest;
}

export function blobOfKey(key: string): string {
  return key.slice(blobPrefix.length);
}

export function secretKey(name: string): string {
  return `sg:secret:${name}`;
}

/** The hash tag keeps all remembered results of an owner in one slot (see memos.lua). */
export function memoKey(owner: string): string {
  return `sg:memo:{${owner}}`;
}

export function memoFamilyKey(owner: string, family: string): string {
  return `${memoKey(owner)}:family:${family}`;
}

export const memoFamilies = "sg:memo:{*}:family:*";
export const memoWeights = "sg:memo:{*}:weight";

/** The owner's key, from that of what they weigh. */
export function memoKeyOf(weightKey: string): string {
  return weightKey.slice(0, -":weight".length);
}
