/**
 * The Redis scripts that count, claim and settle contacts. Each runs alone, so that counting and reserving are one
 * step (I6). Those that keep the index are in `index-scripts.ts`.
 *
 * Keys, per customer: `…:index` (hash: epoch, built, since, seq, profile, seen, unread, was, building, keeps, forgot) and
 * `…:contacts` (hash: reservation id → contact record, see `contact-record.ts`); of all: the generation (hash: epoch,
 * id, position per tail, `passed:<stream>`). Times in records are Segue's; `built` and `since` are the wall's.
 *
 * What no cap in force looks back to is forgotten (`keeps`: ms that are kept; `forgot`: contacts up to this time may be
 * gone). A cap that looks back further than that finds so, and the contacts are read from the ledger again (I6).
 */
import { CHANNELS, isContact } from "#contracts";
import { Script } from "./script.js";

const DAY_MS = 86_400_000;
/** No cap may look back further. */
export const LONGEST_PERIOD_MS = 100 * DAY_MS;
/** Reservations and their claims are kept at least as long as a command may live. */
const COMMANDS_KEPT_MS = 14 * DAY_MS;
/** Kept beyond what caps look back to: requests do not come exactly in the order of their times. */
const SLACK_MS = DAY_MS;

/** Before the id of what is only asked about: it is counted, and neither reserved nor is anything forgotten for it. */
export const PREVIEW = "?";

const NO_CONTACT = CHANNELS.filter((c) => !isContact(c)).join(",");

export const COMMON = `
local function wall_ms()
  local t = redis.call('TIME')
  return string.format('%d', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
end
local function has(csv, item)
  return csv == item or string.find(',' .. csv .. ',', ',' .. item .. ',', 1, true) ~= nil
end
local RECORD = '^(%a)(%d)([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);(.*)$'
local function record(s, n, at, u, j, used, about, ch, g, cap, a, k)
  return s .. n .. at .. ';' .. u .. ';' .. j .. ';' .. used .. ';' .. about .. ';' .. ch .. ';' .. g .. ';' .. cap .. ';'
    .. a .. ';' .. k
end
`;

/** The arithmetic of `caps.ts` in the domain. */
const COUNTING = `
local function counted(raw, self)
  local all = {}
  for i = 1, #raw, 2 do
    if raw[i] ~= self then
      local s, n, at, u, j, used, about = string.match(raw[i + 1], '^(%a)(%d)([^;]*);([^;]*);([^;]*);([^;]*);([^;]*)')
      if s ~= 'x' then
        local case = n == '0' or (n == '1' and (used == 'agent' or used == 'execute'))
        all[#all + 1] = { tonumber(at), u, j, used, about, case and 0 or 1 }
      end
    end
  end
  return all
end
local function caps_of(text)
  local caps = {}
  for n, w, u, j, c, per in string.gmatch(text, '(%d+):([^:;]+):([^:;]*):([^:;]*):([^:;]*):([^:;]*)') do
    local from, to = string.match(w, '^(.*)~(.*)$')
    caps[#caps + 1] = { n = tonumber(n), period = tonumber(w), u = u, j = j, c = c, per = per ~= '' and per,
      from = tonumber(from), to = tonumber(to) }
  end
  return caps
end
local function bounds(cap, channel)
  if cap.c == '' then return not has('${NO_CONTACT}', channel) end
  return has(cap.c, channel)
end
local function attempts(cap, used)
  local n = 0
  for channel in string.gmatch(used, '[^,]+') do
    if has(cap.c, channel) then n = n + 1 end
  end
  return n
end
local function same(per, mine, theirs)
  local own = string.match(mine, per == 'debt' and '^([^,]*)' or ',(.*)$')
  local its = string.match(theirs, per == 'debt' and '^([^,]*)' or ',(.*)$')
  return own == '' or its == '' or own == its
end
local function reached(caps, contacts, channel, at, journey, about, tried)
  for i, cap in ipairs(caps) do
    if bounds(cap, channel) then
      local n = tried and cap.c ~= '' and attempts(cap, tried) or 0
      local j = cap.j
      if j == '*' then j = journey end
      for _, e in ipairs(contacts) do
        local within
        if cap.from then within = e[1] >= cap.from and e[1] < cap.to else within = math.abs(e[1] - at) < cap.period end
        if within and (cap.u == '' or cap.u == e[2]) and (j == '' or j == e[3])
          and (not cap.per or same(cap.per, about, e[5])) then
          if cap.c == '' then n = n + e[6] else n = n + attempts(cap, e[4]) end
        end
      end
      if n >= cap.n then return i end
    end
  end
  return 0
end
`;

/**
 * Reserves the first candidate that the caps leave a channel. Idempotent by decision id: a reservation that stands is
 * answered again and not counted twice. A customer who is not in the index yet is put there from the request when
 * it is sure that nothing was ever ordered and that no profile event was missed (see `NewCustomers`).
 * KEYS index, contacts, generation. ARGV epoch, seq of the newest profile judged, seq of the request's profile, the
 * profile (empty: not sent), generation in which the customer may be new (empty: may not), up to where profile events
 * were looked through, EVT stream, reservation id and those that it comes after (joined by `|`), at, how far back any cap in force looks (ms), journey, the journey's cap, what it is about, number of purposes, then per
 * purpose its name and caps, then per candidate `<purpose>:<urgent>:<channels>` and action.
 */
export const RESERVE = new Script(
  3,
  `${COMMON}${COUNTING}
local h = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'built', 'keeps', 'forgot')
local version = ''
if h[1] ~= ARGV[1] then
  local g = redis.call('HMGET', KEYS[3], 'epoch', 'id', 'passed:' .. ARGV[7])
  local id = g[1] == ARGV[1] and g[2] or ''
  if ARGV[4] == '' or ARGV[5] == '' or ARGV[5] ~= id or tonumber(g[3] or '0') > tonumber(ARGV[6])
    or redis.call('EXISTS', KEYS[2]) == 1 then
    return {'unknown', id}
  end
  local now = wall_ms()
  redis.call('DEL', KEYS[1])
  h = {}
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'built', now, 'since', now, 'seq', ARGV[3], 'profile', ARGV[4],
    'seen', '', 'unread', '1')
  version = now .. ':' .. ARGV[3]
else
  local seq = tonumber(h[2])
  if seq > tonumber(ARGV[2]) then
    return {'profile', h[3] .. ':' .. h[2], redis.call('HGET', KEYS[1], 'profile')}
  end
  if seq < tonumber(ARGV[3]) then
    if ARGV[4] == '' then return {'send'} end
    redis.call('HSET', KEYS[1], 'seq', ARGV[3], 'profile', ARGV[4])
    version = h[3] .. ':' .. ARGV[3]
  end
end
local id, at, back = string.match(ARGV[8], '^[^|]*'), tonumber(ARGV[9]), tonumber(ARGV[10])
local preview = string.sub(id, 1, 1) == '${PREVIEW}'
local keeps = math.max(tonumber(h[4] or '0'), back, ${COMMANDS_KEPT_MS})
if h[5] and at - back <= tonumber(h[5]) then
  redis.call('HSET', KEYS[1], 'keeps', string.format('%d', keeps))
  return {'forgotten'}
end
local until_here = at - keeps - ${SLACK_MS}
local forgets = false
local after = {}
for earlier in string.gmatch(ARGV[8], '|([^|]*)') do after[earlier] = true end
local raw = redis.call('HGETALL', KEYS[2])
local mine
for i = 1, #raw, 2 do
  if after[raw[i]] then return {'stopped'} end
  if raw[i] == id then mine = raw[i + 1] end
  if not preview and raw[i] ~= id and tonumber(string.match(raw[i + 1], '^%a%d([^;]*)')) <= until_here then
    redis.call('HDEL', KEYS[2], raw[i])
    forgets = true
  end
end
if forgets and until_here > tonumber(h[5] or '0') then
  redis.call('HSET', KEYS[1], 'keeps', string.format('%d', keeps), 'forgot', string.format('%d', until_here))
end
local contacts = counted(raw, id)
local purposes = tonumber(ARGV[14])
local first = 15 + 2 * purposes
local own = mine and string.match(mine, ';([^;]*);[^;]*$')
local caps, hits, full, opens = {}, {}, {}, {}
local chosen, channels
for c = first, #ARGV, 2 do
  -- What counts does not depend on the action: the same purpose and channels have the same answer.
  local open = opens[ARGV[c]]
  if not open then
    open = {}
    local purpose, list = string.match(ARGV[c], '^(%d+):%d:(.*)$')
    for channel in string.gmatch(list, '[^,]+') do
      local key = purpose .. ':' .. channel
      if not hits[key] then
        if not caps[purpose] then caps[purpose] = caps_of(ARGV[14 + 2 * tonumber(purpose)] .. ';' .. ARGV[12]) end
        hits[key] = reached(caps[purpose], contacts, channel, at, ARGV[11], ARGV[13])
        if hits[key] > 0 then full[#full + 1] = key .. ':' .. hits[key] end
      end
      if hits[key] == 0 then open[#open + 1] = channel end
    end
    opens[ARGV[c]] = open
  end
  if mine then
    if own == ARGV[c + 1] then break end
  elseif #open > 0 then
    chosen, channels = c, open
    break
  end
end
local why = table.concat(full, ';')
if mine then
  local _, _, _, _, _, _, _, ch, _, _, a = string.match(mine, RECORD)
  return {'held', why, a, ch, version}
end
if not chosen then return {'none', why, '', '', version} end
local purpose, urgent = string.match(ARGV[chosen], '^(%d+):(%d)')
local n = 0
for _, channel in ipairs(channels) do
  if not has('${NO_CONTACT}', channel) then n = 1 end
end
local ch = table.concat(channels, ',')
if not preview then
  redis.call('HSET', KEYS[2], id, record('r', n, ARGV[9], ARGV[13 + 2 * tonumber(purpose)], ARGV[11], channels[1],
    ARGV[13], ch, urgent, ARGV[12], ARGV[chosen + 1], ''))
end
return {'reserved', why, ARGV[chosen + 1], ch, version}
`,
);

/**
 * The last word before a send: claims the attempt for one delivery, and moves the contact to the time and the
 * channel of the send. KEYS index, contacts. ARGV epoch, version of the profile judged, reservation id, attempt,
 * delivery, at, channel, action, purpose, whether the command was delivered before (`1`), what was judged for an urgent
 * message, for any other, caps of the purpose, when the command was published.
 */
export const GATE = new Script(
  2,
  `${COMMON}${COUNTING}
local h = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'built', 'since', 'keeps', 'forgot')
if h[1] ~= ARGV[1] then return {'unknown'} end
local version = h[3] .. ':' .. h[2]
if version ~= ARGV[2] then return {'profile', version, redis.call('HGET', KEYS[1], 'profile')} end
local raw = redis.call('HGET', KEYS[2], ARGV[3])
if not raw then return {'missing'} end
local s, n, at, u, j, used, about, ch, g, cap, a, k = string.match(raw, RECORD)
local claim = string.match(',' .. k, ',' .. ARGV[4] .. '=([^,]*)')
if claim and claim ~= ARGV[5] then return {'claimed', 'permitted'} end
if not claim then
  if s == 's' then return {'claimed', 'permitted'} end
  if ARGV[10] == '1' and tonumber(ARGV[14]) < tonumber(h[4]) then return {'claimed', 'permitted'} end
end
if s == 'x' then return {'stop', 'reservation_released'} end
if not has(ch, ARGV[7]) or a ~= ARGV[8] or u ~= ARGV[9] then return {'missing'} end
local verdict = g == '1' and ARGV[11] or ARGV[12]
if verdict ~= 'permitted' then return {'stop', verdict} end
if claim then
  -- Asked again after an answer that was lost: it is sent now, not when it was first let through (I6).
  if tonumber(at) < tonumber(ARGV[6]) then
    redis.call('HSET', KEYS[2], ARGV[3], record(s, n, ARGV[6], u, j, used, about, ch, g, cap, a, k))
  end
  return {'go', 'permitted'}
end
if tonumber(at) < tonumber(ARGV[6]) then at = ARGV[6] end
local caps = caps_of(ARGV[13] .. ';' .. cap)
local bound = false
for _, c in ipairs(caps) do
  if bounds(c, ARGV[7]) then
    -- It was reserved for a later day than that of which the calendar was asked.
    if c.to and tonumber(at) >= c.to then return {'later', at} end
    local back = c.from and tonumber(at) - c.from + 1 or c.period
    if h[6] and tonumber(at) - back <= tonumber(h[6]) then
      redis.call('HSET', KEYS[1], 'keeps', string.format('%d', math.max(tonumber(h[5]), back)))
      return {'forgotten'}
    end
    bound = true
  end
end
if bound then
  local contacts = counted(redis.call('HGETALL', KEYS[2]), ARGV[3])
  -- Its own attempts before this one; of those that Redis has lost the record has every channel.
  local tried = (ARGV[4] ~= '0' or k ~= '') and string.gsub(',' .. used .. ',', ',' .. ARGV[7] .. ',', ',') or nil
  local hit = reached(caps, contacts, ARGV[7], tonumber(at), j, about, tried)
  if hit > 0 then
    -- Nothing of it was sent: another contact that waits for its turn must not be stopped because of this one. Of a command
    -- older than the entry nobody knows: an earlier asking, whose caller gave up, may come after a later one was let go.
    if ARGV[4] == '0' and k == '' and tonumber(ARGV[14]) >= tonumber(h[4]) then redis.call('HSET', KEYS[2], ARGV[3], 'x' .. string.sub(raw, 2)) end
    return {'stop', caps[hit].j ~= '' and 'journey_cap_reached' or 'cap_reached'}
  end
end
-- Every channel that was let through stays counted on: a message without a receipt may have arrived. Of a fallback whose
-- earlier claims Redis has lost the record says on which channels it may have been.
if k == '' and ARGV[4] == '0' then used = ARGV[7]
elseif not has(used, ARGV[7]) then used = used .. ',' .. ARGV[7] end
k = (k ~= '' and k .. ',' or '') .. ARGV[4] .. '=' .. ARGV[5]
redis.call('HSET', KEYS[2], ARGV[3], record(s, n, at, u, j, used, about, ch, g, cap, a, k))
return {'go', 'permitted'}
`,
);

/**
 * Gives a reservation's budget back. A reading under way that may have missed this is told so.
 * KEYS index, contacts. ARGV epoch, reservation id.
 */
export const RELEASE = new Script(
  2,
  `
local raw = redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] and redis.call('HGET', KEYS[2], ARGV[2])
if not raw then
  redis.call('HDEL', KEYS[1], 'building')
  return {'unknown'}
end
if string.sub(raw, 1, 1) == 'r' then redis.call('HSET', KEYS[2], ARGV[2], 'x' .. string.sub(raw, 2)) end
return {'ok'}
`,
);
