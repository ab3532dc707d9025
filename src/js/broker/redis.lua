-- The rules of rules.ts as one atomic step in Redis, with Redis's own time. All that is remembered of a
-- member is in the one hash KEYS[1]: a field for each row, and one for the bucket. Redis deletes the hash
-- when its last row is no longer needed.
-- ARGV: the call's name, then its arguments in the order in which they are taken below.

local key = KEYS[1]
local BUCKET = "bucket"
local ROUNDING_MS = 1000
local SHORTEST_MS = 2000
local MOST_VOID = 100
local VOID_MS = 600000
-- What was noted further ahead than this was noted by a clock that has been set back since.
local SKEW_MS = 60000
-- Redis takes no expiry that is much longer.
local LONGEST_EXPIRY_MS = 1e15

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local taken = 0
local function take()
  taken = taken + 1
  return ARGV[taken]
end
local function number()
  return tonumber(take())
end

-- Lua writes 14 digits of a number unless it is told otherwise.
local function digits(value)
  return string.format("%.17g", value)
end

-- When a row is no longer needed: its key has ended, its answer cannot come, and it does not count.
local function forgetAt(row)
  return math.max(row.countsUntil, row.livesUntil, row.state == "open" and row.settleBy or 0)
end

-- Reads what is remembered. A row that is no longer needed counts as deleted.
local rows, outdated, bucket = {}, {}, { drawn = 0, at = 0 }
local stored = redis.call("HGETALL", key)
for index = 1, #stored, 2 do
  local field, value = stored[index], stored[index + 1]
  if field == BUCKET then
    local drawn, at = string.match(value, "^(%S+) (%S+)$")
    bucket = { drawn = tonumber(drawn), at = tonumber(at) }
  else
    local state, notedAt, endsAt, livesUntil, settleBy, countsUntil, requests, keyId =
      string.match(value, "^(%l+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (.*)$")
    local row = {
      field = field, state = state, keyId = keyId, notedAt = tonumber(notedAt), endsAt = tonumber(endsAt),
      livesUntil = tonumber(livesUntil), settleBy = tonumber(settleBy), countsUntil = tonumber(countsUntil),
      requests = tonumber(requests),
    }
    if forgetAt(row) <= now then
      outdated[field] = true
    else
      rows[field] = row
    end
  end
end

local function fieldOf(tag)
  return "tag " .. tag
end

-- A row without a key. An id of a key is never empty, because it is kept as JSON.
local function blank(field, state, countsUntil)
  return {
    field = field, state = state, keyId = "", notedAt = now, endsAt = now, livesUntil = now,
    settleBy = now, countsUntil = countsUntil, requests = 0,
  }
end

-- Writes a row and the bucket, and deletes the rows that are no longer needed. The first command is the one
-- that a full Redis refuses, so that nothing is ever half written.
local function write(row)
  rows[row.field] = row
  outdated[row.field] = nil
  local body = table.concat({
    row.state, digits(row.notedAt), digits(row.endsAt), digits(row.livesUntil), digits(row.settleBy),
    digits(row.countsUntil), digits(row.requests), row.keyId,
  }, " ")
  redis.call("HSET", key, row.field, body, BUCKET, digits(bucket.drawn) .. " " .. digits(bucket.at))
  for field in pairs(outdated) do
    redis.call("HDEL", key, field)
  end
  local last = now
  for _, each in pairs(rows) do
    last = math.max(last, forgetAt(each))
  end
  local expiry = math.min(math.ceil(last - now), LONGEST_EXPIRY_MS)
  redis.call("PEXPIRE", key, string.format("%.0f", expiry))
end

local function takeLimits()
  return { mints = number(), windowMs = number(), live = number(), requests = number() }
end

local function refused(limit, retryAfterMs)
  return { "refused", limit, digits(retryAfterMs) }
end

-- Whether a time may have been noted by a clock that is right now.
local function isPast(time)
  return time <= now + SKEW_MS
end

-- Draws requests from the bucket, or returns a refusal.
local function drawFrom(requests, limits)
  local perMs = limits.requests / limits.windowMs
  if not isPast(bucket.at) then
    bucket = { drawn = 0, at = 0 }
  end
  local left = math.max(0, bucket.drawn - math.max(0, now - bucket.at) * perMs)
  local excess = left + requests - limits.requests
  if excess > 0 then
    return refused("requests", math.ceil(excess / perMs))
  end
  bucket = { drawn = left + requests, at = math.max(now, bucket.at) }
end

-- Gives what was drawn under this row and was not sent back to the bucket.
local function giveBack(row, requests)
  local unsent = math.max(0, row.requests - requests)
  row.requests = row.requests - unsent
  bucket.drawn = math.max(0, bucket.drawn - unsent)
end

-- When fewer than so many of these times are left; nil if that is so now.
local function later(times, most)
  table.sort(times)
  local time = times[#times - most + 1]
  return time and time > now and time - now or nil
end

-- The limit that another mint would exceed.
local function refusalOf(limits)
  local minted, living = {}, {}
  for _, row in pairs(rows) do
    local state = isPast(row.notedAt) and row.state or ""
    if state == "open" or state == "live" or state == "gone" then
      table.insert(minted, row.notedAt + limits.windowMs)
    end
    if state == "open" then
      table.insert(living, math.max(row.livesUntil, row.settleBy))
    elseif state == "live" then
      table.insert(living, row.livesUntil)
    end
  end
  local wait = later(minted, limits.mints)
  if wait then
    return refused("mints", wait)
  end
  wait = later(living, limits.live)
  if wait then
    return refused("live", wait)
  end
end

-- Bounds the mints that are never sent: such a mint draws no request, and leaves a row.
local function idleOf()
  local count, first = 0, nil
  for _, row in pairs(rows) do
    if row.state == "void" and isPast(row.notedAt) then
      count = count + 1
      first = math.min(first or forgetAt(row), forgetAt(row))
    end
  end
  if count >= MOST_VOID then
    return refused("requests", first - now)
  end
end

local calls = {}

function calls.reserve()
  local field, lifetimeMs, aheadMs, settleMs = fieldOf(take()), number(), number(), number()
  local requests, limits = number(), takeLimits()
  local row = rows[field]
  -- A whole second, so that the service need not round.
  local notedAt = row and row.notedAt or now
  local endsAt = math.floor((notedAt + math.max(lifetimeMs, SHORTEST_MS) + aheadMs) / 1000) * 1000
  if row then
    -- Another clock of the service's: the end moves, and the mint counts once.
    if row.state == "open" and row.endsAt ~= endsAt then
      row.endsAt = endsAt
      write(row)
    end
    return { "noted", digits(row.endsAt) }
  end
  local refusal = refusalOf(limits) or idleOf() or drawFrom(requests, limits)
  if refusal then
    return refusal
  end
  local livesUntil, settleBy = endsAt - aheadMs, now + settleMs
  row = blank(field, "open", now + limits.windowMs)
  row.endsAt, row.livesUntil, row.settleBy, row.requests = endsAt, livesUntil, settleBy, requests
  write(row)
  return { "noted", digits(endsAt) }
end

function calls.draw()
  local field, requests, limits = fieldOf(take()), number(), takeLimits()
  local row = rows[field] or blank(field, "deletion", now + limits.windowMs)
  local more = requests - row.requests
  if more > 0 then
    local refusal = drawFrom(more, limits)
    if refusal then
      return refusal
    end
    row.requests = requests
    -- With the last row the bucket is forgotten: it must be full by then.
    row.countsUntil = math.max(row.countsUntil, now + limits.windowMs)
    write(row)
  end
  return { "drawn" }
end

function calls.settle()
  local row, keyId, requests = rows[fieldOf(take())], take(), number()
  if row and row.state == "live" then
    return { row.keyId == keyId and "settled" or "late" }
  end
  -- Once its time is up, reconcile may have taken the key for an orphan.
  if not row or row.state ~= "open" or row.settleBy <= now then
    return { "late" }
  end
  row.state, row.keyId = "live", keyId
  giveBack(row, requests)
  write(row)
  return { "settled" }
end

function calls.release()
  local field, made, requests = fieldOf(take()), take() == "made", number()
  local row = rows[field]
  if row then
    if row.state == "open" or (made and row.state == "live") then
      row.state = made and "gone" or "void"
      giveBack(row, requests)
      write(row)
    end
  elseif not made then
    -- Its reservation may still arrive, and must find that it is void.
    write(blank(field, "void", now + VOID_MS))
  end
  return { "released" }
end

function calls.revoke()
  local keyId = take()
  for _, row in pairs(rows) do
    if row.keyId == keyId and row.state == "live" then
      row.state = "gone"
      write(row)
      break
    end
  end
  return { "revoked" }
end

-- Each claim is the id of a key, its tag and its end; the last two are empty where they are not known.
function calls.standings()
  local keys, standings = {}, {}
  for _, row in pairs(rows) do
    keys[row.keyId] = row
  end
  while taken < #ARGV do
    local own, tag, endsAt = keys[take()], take(), number()
    local mint = tag ~= "" and rows[fieldOf(tag)]
    -- Anybody can copy a tag. It counts only while the mint has no key, and only for a key that ends in time.
    local fits = mint and mint.state == "open" and endsAt and endsAt <= mint.endsAt + ROUNDING_MS
    local standing = "unknown"
    if own then
      standing = own.state == "live" and "live" or "revoked"
    elseif fits then
      standing = now < mint.settleBy and isPast(mint.notedAt) and "pending" or "lost"
    end
    table.insert(standings, standing)
  end
  return standings
end

return calls[take()]()
