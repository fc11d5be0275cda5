/**
 * The Redis scripts. Each runs alone, so that counting and reserving are one step (I6).
 *
 * Per customer: `…:index` (hash: epoch, built, seq, profile, seen, building) and `…:contacts` (hash: reservation
 * id → contact record, see `ContactRecord`). Times in records are Segue's; only `w` and `built` are the wall's.
 */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { CHANNELS, isContact } from "#contracts";
import { IndexUnavailable } from "./redis-connection.js";

/**
 * A reservation that is not yet in the ledger stops counting after this time: its process died before it
 * answered, so that nothing will be sent for it. Milliseconds of the wall.
 */
const PENDING_MS = 30_000;
const NO_CONTACT = CHANNELS.filter((c) => !isContact(c)).join(",");

const PRELUDE = `
local function wall_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function has(csv, item)
  return string.find(',' .. csv .. ',', ',' .. item .. ',', 1, true) ~= nil
end
local function stale(e, wall)
  return e.s == 'p' and wall - e.w >= ${PENDING_MS}
end
local function takes(e, wall)
  return e.n == 1 and e.s ~= 'x' and e.s ~= 'w' and not stale(e, wall)
end
local function read(key)
  local raw = redis.call('HGETALL', key)
  local all = {}
  for i = 1, #raw, 2 do all[raw[i]] = cjson.decode(raw[i + 1]) end
  return all
end
local function full(cap, contacts, self, channel, at, wall)
  if cap.c and cap.c ~= channel then return false end
  local counted = 0
  for id, e in pairs(contacts) do
    if id ~= self and takes(e, wall) and math.abs(e.at - at) < cap.p
      and (not cap.u or cap.u == e.p) and (not cap.j or cap.j == e.j)
      and (not cap.c or has(e.u, cap.c)) then
      counted = counted + 1
    end
  end
  return counted >= cap.n
end
local function reached(caps, contacts, self, channel, at, wall)
  if has('${NO_CONTACT}', channel) then return 0 end
  for i, cap in ipairs(caps) do
    if full(cap, contacts, self, channel, at, wall) then return i end
  end
  return 0
end
local function known(key, epoch)
  return redis.call('HGET', key, 'epoch') == epoch
end
`;

export class Script {
  readonly #lua: string;
  readonly #sha: string;
  readonly #keys: number;

  constructor(keys: number, body: string) {
    this.#lua = PRELUDE + body;
    this.#sha = createHash("sha1").update(this.#lua).digest("hex");
    this.#keys = keys;
  }

  /** Runs it; answers its array of texts. Throws IndexUnavailable. */
  async run(redis: Redis, ...keysAndArgs: string[]): Promise<readonly string[]> {
    try {
      return (await redis.evalsha(this.#sha, this.#keys, ...keysAndArgs)) as string[];
    } catch (error) {
      if (!(error as Error).message.startsWith("NOSCRIPT")) throw unavailable(error);
    }
    try {
      return (await redis.eval(this.#lua, this.#keys, ...keysAndArgs)) as string[];
    } catch (error) {
      throw unavailable(error);
    }
  }
}

export function unavailable(error: unknown): IndexUnavailable {
  return new IndexUnavailable(`Redis: ${(error as Error).message}`, { cause: error });
}

/**
 * Reserves the first candidate that the caps leave a channel. Idempotent by decision id: a reservation that
 * stands is answered again and not counted twice.
 * KEYS index, contacts. ARGV epoch, seq of the newest profile judged, profile of the request, its seq, request.
 */
export const RESERVE = new Script(
  2,
  `
if not known(KEYS[1], ARGV[1]) then return {'unknown'} end
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq'))
if seq > tonumber(ARGV[2]) then return {'profile', redis.call('HGET', KEYS[1], 'profile')} end
if seq < tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], 'seq', ARGV[4], 'profile', ARGV[3]) end
local r = cjson.decode(ARGV[5])
local wall = wall_ms()
local contacts = read(KEYS[2])
for id, e in pairs(contacts) do
  local age = r.at - e.at
  if age > r.keep or (age > r.keepOther and e.n ~= 1) then
    redis.call('HDEL', KEYS[2], id)
    contacts[id] = nil
  end
end
local mine = contacts[r.id]
if mine and stale(mine, wall) then mine = nil end
local denials = {}
local action, chosen
for i, cand in ipairs(r.candidates) do
  local channels = {}
  for k, channel in ipairs(cand.ch) do
    local caps = {}
    for x, index in ipairs(cand.caps) do caps[x] = r.caps[index] end
    local hit = reached(caps, contacts, r.id, channel, r.at, wall)
    if hit == 0 then channels[#channels + 1] = channel
    else denials[#denials + 1] = i .. ':' .. k .. ':' .. cand.caps[hit] end
  end
  if mine then
    if mine.a == cand.a then break end
  elseif #channels > 0 then
    action = cand
    chosen = channels
    break
  end
end
local why = table.concat(denials, ';')
if mine then return {'held', why, cjson.encode(mine)} end
if not action then return {'none', why} end
local counted = 0
for _, channel in ipairs(chosen) do
  if not has('${NO_CONTACT}', channel) then counted = 1 end
end
local e = cjson.encode({ at = r.at, a = action.a, p = action.u, ch = table.concat(chosen, ','), u = chosen[1],
  j = r.journey, jc = r.journeyCap, g = action.g, n = counted, s = 'p', w = wall })
redis.call('HSET', KEYS[2], r.id, e)
return {'reserved', why, e}
`,
);

/**
 * After the ledger has the contact: the reservation must still stand before it is answered. When the index was
 * lost in between, it is counted again, and withdrawn if there is no room any more.
 * KEYS index, contacts. ARGV epoch, reservation id, record, caps of its first channel.
 */
export const CONFIRM = new Script(
  2,
  `
if not known(KEYS[1], ARGV[1]) then return {'unknown'} end
local wall = wall_ms()
local raw = redis.call('HGET', KEYS[2], ARGV[2])
local e = cjson.decode(raw or ARGV[3])
if raw and e.s == 'w' then return {'full'} end
if raw and e.s ~= 'p' then return {'ok'} end
local answer = 'ok'
if not raw or stale(e, wall) then
  local channel = string.match(e.u, '[^,]+')
  if e.n == 1 and reached(cjson.decode(ARGV[4]), read(KEYS[2]), ARGV[2], channel, e.at, wall) > 0 then answer = 'full' end
end
e.s = answer == 'ok' and 'r' or 'w'
redis.call('HSET', KEYS[2], ARGV[2], cjson.encode(e))
return {answer}
`,
);

/**
 * The last word before a send: claims the attempt for one delivery, and moves the contact to the time and the
 * channel of the send. KEYS index, contacts. ARGV epoch, seq of the profile judged, reservation id, request.
 */
export const GATE = new Script(
  2,
  `
if not known(KEYS[1], ARGV[1]) then return {'unknown'} end
if redis.call('HGET', KEYS[1], 'seq') ~= ARGV[2] then return {'profile', redis.call('HGET', KEYS[1], 'profile')} end
local r = cjson.decode(ARGV[4])
local raw = redis.call('HGET', KEYS[2], ARGV[3])
if not raw then return {'stop', 'reservation_missing'} end
local e = cjson.decode(raw)
local claims = e.k or {}
local claim = claims[r.attempt]
if claim and claim ~= r.delivery then return {'claimed', 'permitted'} end
if not claim then
  if e.s == 's' then return {'claimed', 'permitted'} end
  if r.redelivered and r.publishedAt < tonumber(redis.call('HGET', KEYS[1], 'built')) then return {'claimed', 'permitted'} end
end
if e.s == 'x' or e.s == 'w' then return {'stop', 'reservation_released'} end
if not has(e.ch, r.channel) or e.a ~= r.action or e.p ~= r.purpose then return {'stop', 'reservation_missing'} end
local verdict = e.g == 1 and r.verdicts.urgent or r.verdicts.other
if verdict ~= 'permitted' then return {'stop', verdict} end
if claim then
  -- Asked again after an answer that was lost: it is sent now, not when it was first let through (I6).
  if r.at > e.at then
    e.at = r.at
    redis.call('HSET', KEYS[2], ARGV[3], cjson.encode(e))
  end
  return {'go', 'permitted'}
end
local at = math.max(e.at, r.at)
if e.n == 1 then
  local caps = r.caps
  if e.jc then caps[#caps + 1] = e.jc end
  local hit = reached(caps, read(KEYS[2]), ARGV[3], r.channel, at, wall_ms())
  if hit > 0 then return {'stop', caps[hit].j and 'journey_cap_reached' or 'cap_reached'} end
end
-- Every channel that was let through stays counted on: a message without a receipt may have arrived.
if not has(e.u, r.channel) then e.u = (next(claims) and (e.u .. ',') or '') .. r.channel end
claims[r.attempt] = r.delivery
e.k = claims
e.at = at
redis.call('HSET', KEYS[2], ARGV[3], cjson.encode(e))
return {'go', 'permitted'}
`,
);

/**
 * What became of a reservation. An index that is unknown is told that a rebuild under way has missed something.
 * KEYS index, contacts. ARGV epoch, reservation id, state.
 */
export const SETTLE = new Script(
  2,
  `
if not known(KEYS[1], ARGV[1]) then
  redis.call('HDEL', KEYS[1], 'building')
  return {'unknown'}
end
local raw = redis.call('HGET', KEYS[2], ARGV[2])
if not raw then return {'none'} end
local e = cjson.decode(raw)
if e.s == 'p' or e.s == 'r' then
  e.s = ARGV[3]
  redis.call('HSET', KEYS[2], ARGV[2], cjson.encode(e))
end
return {'ok'}
`,
);

/** The profile, for the tail to fold an event into. KEYS index. ARGV epoch. */
export const PEEK = new Script(
  1,
  `
if not known(KEYS[1], ARGV[1]) then
  redis.call('HDEL', KEYS[1], 'building')
  return {'unknown'}
end
return {'known', redis.call('HGET', KEYS[1], 'seq'), redis.call('HGET', KEYS[1], 'profile'), redis.call('HGET', KEYS[1], 'seen')}
`,
);

/** Writes it back if nobody else has. KEYS index. ARGV epoch, seq it was read at, seq, profile, seen. */
export const FOLD = new Script(
  1,
  `
if not known(KEYS[1], ARGV[1]) then
  redis.call('HDEL', KEYS[1], 'building')
  return {'unknown'}
end
if redis.call('HGET', KEYS[1], 'seq') ~= ARGV[2] then return {'again'} end
redis.call('HSET', KEYS[1], 'seq', ARGV[3], 'profile', ARGV[4], 'seen', ARGV[5])
return {'ok'}
`,
);

/**
 * Opens a rebuild, or joins one. The token goes away when the tail passes an event of this customer, or when
 * Redis is emptied: what was read before is then not all. KEYS index, watermark. ARGV epoch, token, tail positions.
 */
export const BEGIN = new Script(
  2,
  `
if known(KEYS[1], ARGV[1]) then return {'known'} end
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'epoch', ARGV[1], unpack(cjson.decode(ARGV[3])))
end
local token = redis.call('HGET', KEYS[1], 'building')
if not token or string.sub(token, 1, #ARGV[1]) ~= ARGV[1] then
  token = ARGV[2]
  redis.call('HSET', KEYS[1], 'building', token)
end
return {'building', token}
`,
);

/**
 * Ends a rebuild. Records that are there stay (claims, the time of the send); what the ledger knows is added.
 * KEYS index, contacts. ARGV epoch, token, seq, profile, seen, origin, then pairs of reservation id and record.
 */
export const INSTALL = new Script(
  2,
  `
if known(KEYS[1], ARGV[1]) then return {'known'} end
if redis.call('HGET', KEYS[1], 'building') ~= ARGV[2] then return {'again'} end
local before = redis.call('HGET', KEYS[1], 'epoch')
if before and string.sub(before, 1, #ARGV[6] + 1) ~= ARGV[6] .. '/' then redis.call('DEL', KEYS[2]) end
for i = 7, #ARGV, 2 do
  local raw = redis.call('HGET', KEYS[2], ARGV[i])
  if raw then
    local old = cjson.decode(raw)
    local new = cjson.decode(ARGV[i + 1])
    new.k = old.k
    new.at = math.max(old.at, new.at)
    if not has(new.u, old.u) then new.u = old.u end
    redis.call('HSET', KEYS[2], ARGV[i], cjson.encode(new))
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('HDEL', KEYS[1], 'building')
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'built', string.format('%d', wall_ms()), 'seq', ARGV[3], 'profile', ARGV[4], 'seen', ARGV[5])
return {'installed'}
`,
);

/** Moves the tail's watermarks forward. KEYS watermark. ARGV epoch, tail, seq. */
export const WATERMARK = new Script(
  1,
  `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return {'unknown'} end
if tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0') < tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
return {'ok'}
`,
);
