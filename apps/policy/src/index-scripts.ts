/** The Redis scripts that keep the index in step with EVT, and that rebuild it. Keys: see `scripts.ts`. */
import { Script } from "./script.js";
import { COMMON } from "./scripts.js";

/**
 * An event passes a customer whose entry cannot take it: who reads meanwhile must read again, and nobody may put the
 * customer into the index from what was known before this event. An entry that was made without reading does not know
 * which events it has seen, so that it could not tell a repetition: from the first event on it must be read.
 */
const TAKES_EVENTS = `
local function takes_events(epoch, stream, seq)
  local h = redis.call('HMGET', KEYS[1], 'epoch', 'unread', 'seq', 'profile', 'seen')
  if h[1] == epoch and not h[2] then return h end
  if h[1] == epoch then
    redis.call('HDEL', KEYS[1], 'epoch')
    redis.call('HSET', KEYS[1], 'was', epoch)
  end
  redis.call('HDEL', KEYS[1], 'building')
  if redis.call('HGET', KEYS[2], 'epoch') == epoch then
    local passed = 'passed:' .. stream
    if tonumber(redis.call('HGET', KEYS[2], passed) or '0') < tonumber(seq) then redis.call('HSET', KEYS[2], passed, seq) end
  end
  return nil
end
`;

/** The profile, for the tail to fold an event into. KEYS index, generation. ARGV epoch, EVT stream, the event's seq. */
export const PEEK = new Script(
  2,
  `${TAKES_EVENTS}
local h = takes_events(ARGV[1], ARGV[2], ARGV[3])
if not h then return {'unknown'} end
return {'known', h[3], h[4], h[5]}
`,
);

/**
 * Writes it back if nobody else has. KEYS index, generation. ARGV epoch, EVT stream, the event's seq, seq the profile was
 * read at, seq, profile, seen.
 */
export const FOLD = new Script(
  2,
  `${TAKES_EVENTS}
local h = takes_events(ARGV[1], ARGV[2], ARGV[3])
if not h then return {'unknown'} end
if h[3] ~= ARGV[4] then return {'again'} end
redis.call('HSET', KEYS[1], 'seq', ARGV[5], 'profile', ARGV[6], 'seen', ARGV[7])
return {'ok'}
`,
);

const OPEN = `
local function open(key, epoch, id, positions)
  if redis.call('HGET', key, 'epoch') ~= epoch then
    redis.call('DEL', key)
    redis.call('HSET', key, 'epoch', epoch, 'id', id, unpack(cjson.decode(positions)))
  end
  return redis.call('HGET', key, 'id')
end
`;

/** Opens a generation of the index, unless one is open; answers its id. KEYS generation. ARGV epoch, id, tail positions. */
export const GENERATION = new Script(1, `${OPEN} return {open(KEYS[1], ARGV[1], ARGV[2], ARGV[3])}`);

/**
 * Opens a rebuild, or joins one. The token goes away when the tail passes an event of this customer, or when
 * Redis is emptied: what was read before is then not all. KEYS index, generation. ARGV epoch, token, tail positions,
 * `more` to read also when the customer is known.
 */
export const BEGIN = new Script(
  2,
  `${OPEN}
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] and ARGV[4] ~= 'more' then return {'known'} end
open(KEYS[2], ARGV[1], ARGV[2], ARGV[3])
local token = redis.call('HGET', KEYS[1], 'building')
if not token or string.sub(token, 1, #ARGV[1]) ~= ARGV[1] then
  token = ARGV[2]
  redis.call('HSET', KEYS[1], 'building', token)
end
return {'building', token}
`,
);

/**
 * Ends a rebuild. What the ledger says of a contact counts; what only the index knows of it stays (claims, the time of
 * the send, a release). KEYS index, contacts. ARGV epoch, token, seq, profile, seen, origin, `more` to add the contacts
 * also when the customer is known, then pairs of reservation id and record.
 */
export const INSTALL = new Script(
  2,
  `${COMMON}
local before = redis.call('HGET', KEYS[1], 'epoch')
local known = before == ARGV[1]
if known and ARGV[7] ~= 'more' then return {'known'} end
if redis.call('HGET', KEYS[1], 'building') ~= ARGV[2] then return {'again'} end
if before and string.sub(before, 1, #ARGV[6] + 1) ~= ARGV[6] .. '/' then redis.call('DEL', KEYS[2]) end
for i = 8, #ARGV, 2 do
  local raw = redis.call('HGET', KEYS[2], ARGV[i])
  local s, n, at, u, j, used, about, ch, g, cap, a, k = string.match(ARGV[i + 1], RECORD)
  if raw then
    local was, _, sent, _, _, on, _, _, _, _, _, claims = string.match(raw, RECORD)
    if was == 'x' then s = 'x' end
    if tonumber(sent) > tonumber(at) then at = sent end
    if claims ~= '' then used, k = on, claims end
  end
  redis.call('HSET', KEYS[2], ARGV[i], record(s, n, at, u, j, used, about, ch, g, cap, a, k))
end
redis.call('HDEL', KEYS[1], 'building', 'forgot')
if known then return {'installed', ''} end
local now = wall_ms()
local since = redis.call('HGET', KEYS[1], 'was') == ARGV[1] and redis.call('HGET', KEYS[1], 'since') or now
redis.call('HDEL', KEYS[1], 'was', 'unread')
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'built', now, 'since', since, 'seq', ARGV[3], 'profile', ARGV[4], 'seen', ARGV[5])
return {'installed', now .. ':' .. ARGV[3]}
`,
);

/**
 * Counts a contact that another system reports. An entry that is not known is read when it is next needed, and a reading
 * under way is told to read again. KEYS index, contacts, generation. ARGV epoch, EVT stream, the event's seq, contact id,
 * record.
 */
export const REPORT = new Script(
  3,
  `
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
  return {'ok'}
end
redis.call('HDEL', KEYS[1], 'building')
if redis.call('HGET', KEYS[3], 'epoch') == ARGV[1] then
  local passed = 'passed:' .. ARGV[2]
  if tonumber(redis.call('HGET', KEYS[3], passed) or '0') < tonumber(ARGV[3]) then redis.call('HSET', KEYS[3], passed, ARGV[3]) end
end
return {'unknown'}
`,
);

/** Moves a tail's position forward. KEYS generation. ARGV epoch, tail, seq. */
export const POSITION = new Script(
  1,
  `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return {'unknown'} end
if tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0') < tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
return {'ok'}
`,
);

/** Takes a reservation away. KEYS index, contacts. ARGV epoch, reservation id. */
export const UNDO = new Script(
  2,
  `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return {'unknown'} end
local raw = redis.call('HGET', KEYS[2], ARGV[2])
if raw and string.sub(raw, 1, 1) == 'r' then redis.call('HDEL', KEYS[2], ARGV[2]) end
return {'ok'}
`,
);
