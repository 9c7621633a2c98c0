-- What the verbs share. All keys of a job begin with its key, sg:{id}, and so live in one slot:
--   sg:{id}            hash: spec, stage (JSON), status, number, tasks, done, totals, …; control: the number of the stage
--                      that it is of, and JSON; pause:budget, pause:consumer: why it is paused; stepUntil; changes: of
--                      parameters, a line of JSON each; changeCount; changeRounds: of those in force, "3 7 7";
--                      changesUsed: how many these are
--   …:pending          zset: "lo:hi:attempts" by lo, disjoint; neighbours with the same attempts are merged
--   …:claims           hash: claim -> "front hi attempts claimedAtMs token [token]"; a claim is named by its first token
--   …:leases           hash: token -> "claim holder". Its claim may be gone: answered wholly by a copy
--   …:deadlines        zset: token by deadlineMs
--   …:single           zset: claims with exactly one lease, by claimedAtMs: those that may be copied
--   …:out:S            zset: "level:chunk" of stage S that exist, in order of (level, chunk)
--   …:out:S:level:chunk  hash: index -> packed output
--   …:stages …:garbage sets: stages with outputs; dropped stages still to be deleted
--   …:large:S          set: digests of outputs of stage S that are blobs
--   …:earned           hash: "f" or "t" and the earner -> fuel, tasks of all that was accepted of theirs
--   …:events           stream: number-0 -> t (ms), e (JSON)
--   …:replies …:replied  the last replies by request id, and the order of these
local repliesKept = 256
local levelSpan = 4294967296

-- Lua writes large numbers as 1e+15.
local function int(number)
  return string.format('%.0f', number)
end

-- A request that comes again, because its reply was lost, gets the same reply. `apply` returns its reply and whether it
-- changed something; what changed nothing may as well run again.
local function verb(name, apply)
  redis.register_function('sparegrid_4_' .. name, function(keys, args)
    local job, request = keys[1], args[1]
    local known = redis.call('HGET', job .. ':replies', request)
    if known then
      return known
    end
    local reply, changed = apply(job, args)
    if changed then
      redis.call('HSET', job .. ':replies', request, reply)
      if redis.call('RPUSH', job .. ':replied', request) > repliesKept then
        redis.call('HDEL', job .. ':replies', redis.call('LPOP', job .. ':replied'))
      end
    end
    return reply
  end)
end

-- Tells every process that the job changed. `request` begins with the sender's own name.
local function changed(job, request)
  redis.call('HINCRBY', job, 'version', 1)
  redis.call('PUBLISH', 'sg:jobs', request .. ' ' .. job:match('{(.*)}'))
end

local function ended(status)
  return status == 'succeeded' or status == 'failed' or status == 'cancelled'
end

-- Numbers and keeps the events (JSON) in args from `first` to `last`, and tells of them. Returns the last number.
local function appendEvents(job, request, atMs, kept, args, first, last)
  local count = last - first + 1
  if count <= 0 then
    return tonumber(redis.call('HGET', job, 'events'))
  end
  local number = redis.call('HINCRBY', job, 'events', count)
  for at = first, last do
    redis.call('XADD', job .. ':events', int(number - last + at) .. '-0', 't', atMs, 'e', args[at])
  end
  redis.call('XTRIM', job .. ':events', 'MAXLEN', kept)
  redis.call('PUBLISH', job .. ':events', request)
  return number
end

local function pauseJob(job, by, reason)
  redis.call('HSET', job, 'status', 'paused', 'pause:' .. by, reason)
  if by == 'consumer' then
    redis.call('HDEL', job, 'stepUntil')
  end
end

-- Pauses a job whose step ends where a round begins. `mapRound`: the round of the next stage, "" when it is no map.
local function endStep(job, mapRound, stepUntil)
  if mapRound == '' or not stepUntil or tonumber(mapRound) <= tonumber(stepUntil) then
    return false
  end
  pauseJob(job, 'consumer', 'It has done the rounds it was to do.')
  return true
end

-- Puts the next changes of parameters in force. `rounds`: of each, the first that uses it, separated by spaces.
local function settleChanges(job, rounds)
  local before = redis.call('HGET', job, 'changeRounds')
  local _, count = rounds:gsub('%d+', '')
  redis.call('HSET', job, 'changeRounds', before and before .. ' ' .. rounds or rounds)
  redis.call('HINCRBY', job, 'changesUsed', count)
end

local function parseRun(member)
  local lo, hi, attempts = member:match('^(%d+):(%d+):(%d+)$')
  return tonumber(lo), tonumber(hi), tonumber(attempts)
end

local function addPending(key, lo, hi, attempts)
  redis.call('ZADD', key, int(lo), int(lo) .. ':' .. int(hi) .. ':' .. int(attempts))
end

local function insertPending(job, lo, hi, attempts)
  local key = job .. ':pending'
  local before = redis.call('ZREVRANGEBYSCORE', key, '(' .. int(lo), '-inf', 'LIMIT', 0, 1)[1]
  if before then
    local beforeLo, beforeHi, beforeAttempts = parseRun(before)
    if beforeHi == lo and beforeAttempts == attempts then
      redis.call('ZREM', key, before)
      lo = beforeLo
    end
  end
  local after = redis.call('ZRANGEBYSCORE', key, int(hi), int(hi))[1]
  if after then
    local _, afterHi, afterAttempts = parseRun(after)
    if afterAttempts == attempts then
      redis.call('ZREM', key, after)
      hi = afterHi
    end
  end
  addPending(key, lo, hi, attempts)
end

-- Takes up to `tasksMax` of the first pending tasks within [from, to), all of one run: lo, hi, attempts, or nothing.
local function takePending(job, from, to, tasksMax)
  local key = job .. ':pending'
  local member = redis.call('ZREVRANGEBYSCORE', key, int(from), '-inf', 'LIMIT', 0, 1)[1]
  local runLo, runHi, attempts
  if member then
    runLo, runHi, attempts = parseRun(member)
  end
  if not member or runHi <= from then
    member = redis.call('ZRANGEBYSCORE', key, '(' .. int(from), '(' .. int(to), 'LIMIT', 0, 1)[1]
    if not member then
      return nil
    end
    runLo, runHi, attempts = parseRun(member)
  end
  local lo = math.max(runLo, from)
  local hi = math.min(runHi, to, lo + tasksMax)
  if hi <= lo then
    return nil
  end
  redis.call('ZREM', key, member)
  if runLo < lo then
    addPending(key, runLo, lo, attempts)
  end
  if hi < runHi then
    addPending(key, hi, runHi, attempts)
  end
  return lo, hi, attempts
end

local function readClaim(job, id)
  local packed = redis.call('HGET', job .. ':claims', id)
  if not packed then
    return nil
  end
  local front, hi, attempts, claimedAtMs, tokens = packed:match('^(%d+) (%d+) (%d+) (%S+) (.*)$')
  local claim = {
    id = id,
    front = tonumber(front),
    hi = tonumber(hi),
    attempts = tonumber(attempts),
    claimedAtMs = claimedAtMs,
    tokens = {},
  }
  for token in tokens:gmatch('%S+') do
    table.insert(claim.tokens, token)
  end
  return claim
end

local function packClaim(claim)
  return int(claim.front) .. ' ' .. int(claim.hi) .. ' ' .. int(claim.attempts) .. ' ' .. claim.claimedAtMs .. ' ' ..
    table.concat(claim.tokens, ' ')
end

local function writeClaim(job, claim)
  redis.call('HSET', job .. ':claims', claim.id, packClaim(claim))
end

local function readLease(job, token)
  local packed = redis.call('HGET', job .. ':leases', token)
  if not packed then
    return nil
  end
  local claim, holder = packed:match('^(%S+) (.*)$')
  return claim, holder
end

local function dropLease(job, token)
  redis.call('HDEL', job .. ':leases', token)
  redis.call('ZREM', job .. ':deadlines', token)
end

-- Ends a lease. When it was the last on its claim, the rest is pending again. Returns the attempts that its tasks have
-- used (0 when it held nothing any more), and whether it held something, and whether tasks are pending again.
local function detach(job, token, penalty)
  local id = readLease(job, token)
  if not id then
    return 0, false, false
  end
  dropLease(job, token)
  local claim = readClaim(job, id)
  if not claim then
    return 0, false, false
  end
  if penalty then
    claim.attempts = claim.attempts + 1
  end
  local others = {}
  for _, other in ipairs(claim.tokens) do
    if other ~= token then
      table.insert(others, other)
    end
  end
  claim.tokens = others
  if #others == 0 then
    redis.call('HDEL', job .. ':claims', id)
    redis.call('ZREM', job .. ':single', id)
    insertPending(job, claim.front, claim.hi, claim.attempts)
  else
    writeClaim(job, claim)
    redis.call('ZADD', job .. ':single', claim.claimedAtMs, id)
  end
  return claim.attempts, true, #others == 0
end

-- Stores outputs of a stage from three arguments each: "level:chunk", index, packed ("I…" inline, "L<digest> …" a blob).
local function storeOutputs(job, stage, args, at, count)
  local index = job .. ':out:' .. stage
  local seen = {}
  for output = 0, count - 1 do
    local chunk, field, packed = args[at + output * 3], args[at + output * 3 + 1], args[at + output * 3 + 2]
    redis.call('HSET', index .. ':' .. chunk, field, packed)
    if not seen[chunk] then
      seen[chunk] = true
      local level, number = chunk:match('^(%d+):(%d+)$')
      redis.call('ZADD', index, int(tonumber(level) * levelSpan + tonumber(number)), chunk)
    end
    if packed:byte(1) == 76 then
      redis.call('SADD', job .. ':large:' .. stage, packed:match('^L(%S+)'))
    end
  end
  if count > 0 then
    redis.call('SADD', job .. ':stages', stage)
  end
end

-- JSON, or "" when the stage has none.
local function controlOf(job, number)
  local of, control = (redis.call('HGET', job, 'control') or ''):match('^(%d+) (.*)$')
  return of == number and control or ''
end

-- A job's stage, of which a verb takes results in; `new` sums what it takes.
local function readStage(job)
  local status, number, tasks, done, outputs, bytes, fuel = unpack(redis.call('HMGET', job, 'status', 'number', 'tasks',
    'done', 'outputs', 'bytes', 'stageFuel'))
  local new = { tasks = 0, outputs = 0, bytes = 0, fuel = 0 }
  return { status = status, number = number, tasks = tasks, done = done, outputs = outputs, bytes = bytes, fuel = fuel,
    new = new }
end

-- Takes in the answer of some tasks: their sums, control (JSON or ""), and outputs (see storeOutputs).
local function takeIn(job, stage, tasks, bytes, fuel, control, args, at, count)
  local new = stage.new
  new.tasks = new.tasks + tasks
  new.outputs = new.outputs + count
  new.bytes = new.bytes + bytes
  new.fuel = new.fuel + fuel
  storeOutputs(job, stage.number, args, at, count)
  if control ~= '' then
    redis.call('HSET', job, 'control', stage.number .. ' ' .. control)
  end
end

-- Writes what was taken in of a stage. Returns, as lines, how it stands: stage, done, tasks, finished ("1"), and then
-- outputs, bytes, fuel and control of it, if this finished it.
local function sumUp(job, stage)
  local new = stage.new
  if new.tasks > 0 then
    for _, name in ipairs({ 'outputs', 'bytes', 'fuel' }) do
      stage[name] = int(stage[name] + new[name])
    end
    stage.done = int(stage.done + new.tasks)
    redis.call('HSET', job, 'done', stage.done, 'outputs', stage.outputs, 'bytes', stage.bytes, 'stageFuel', stage.fuel)
  end
  local stands = { stage.number or '-1', stage.done or '0', stage.tasks or '0', '0', '0', '0', '0', '' }
  if new.tasks > 0 and tonumber(stage.done) >= tonumber(stage.tasks) then
    stands = { stage.number, stage.done, stage.tasks, '1', stage.outputs, stage.bytes, stage.fuel,
      controlOf(job, stage.number) }
  end
  return table.concat(stands, '\n')
end

-- Counts accepted work for who earns by it. HINCRBY is exact where doubles are not; a count that is full stays as it is,
-- since an error half-way would leave the transition half done.
local function earn(job, earner, fuel, tasks)
  redis.pcall('HINCRBY', job .. ':earned', 'f' .. earner, int(fuel))
  redis.pcall('HINCRBY', job .. ':earned', 't' .. earner, int(tasks))
end

local function clearTasks(job)
  redis.call('UNLINK', job .. ':pending', job .. ':claims', job .. ':leases', job .. ':deadlines', job .. ':single')
end

-- Deletes up to `chunksMax` chunks of a stage's outputs. Returns whether that was all.
local function deleteOutputs(job, stage, chunksMax)
  local index = job .. ':out:' .. stage
  local chunks = redis.call('ZRANGE', index, 0, chunksMax - 1)
  for _, chunk in ipairs(chunks) do
    redis.call('UNLINK', index .. ':' .. chunk)
  end
  redis.call('ZREMRANGEBYRANK', index, 0, chunksMax - 1)
  if #chunks == chunksMax then
    return false
  end
  redis.call('UNLINK', job .. ':large:' .. stage)
  return true
end

-- Drops the stages listed in args from `first` on. Returns whether some are too large to delete at once.
local chunksDroppedMax = 64
local function dropStages(job, args, first)
  local garbage = false
  for at = first, #args do
    if redis.call('SREM', job .. ':stages', args[at]) == 1
      and not deleteOutputs(job, args[at], chunksDroppedMax) then
      redis.call('SADD', job .. ':garbage', args[at])
      garbage = true
    end
  end
  return garbage
end
