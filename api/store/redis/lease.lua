-- args: request, holder, leases, tasksMax, nowMs, deadlineMs, copyBefore ("" for no copies), preferOnly ("1"), lo, hi, …
-- -> lines "stage, changes of parameters in force, those that this put in force, stepUntil (or nothing)" and then "token lo hi
--    attempt backup" for each lease; "" when there are none
local copiesSeenMax = 1000
local argumentsMax = 1000

-- Calls `command key` with all of `list`, which holds pairs, some at a time.
local function callWithPairs(command, key, list)
  for at = 1, #list, argumentsMax do
    redis.call(command, key, unpack(list, at, math.min(at + argumentsMax - 1, #list)))
  end
end

verb('lease', function(job, args)
  local request, holder, leasesMax, tasksMax, nowMs, deadlineMs, copyBefore, preferOnly = unpack(args, 1, 8)
  leasesMax, tasksMax = tonumber(leasesMax), tonumber(tasksMax)
  local status, number, tasks, done, stepUntil, changeCount, changesUsed = unpack(redis.call('HMGET', job, 'status',
    'number', 'tasks', 'done', 'stepUntil', 'changeCount', 'changesUsed'))
  if status ~= 'queued' and status ~= 'running' then
    return '', false
  end
  local unused = tonumber(changeCount or 0) - tonumber(changesUsed or 0)
  local untouched = unused > 0 and done == '0' and redis.call('EXISTS', job .. ':claims') == 0
  local count = 0
  local lines = { '' }
  local claims, leases, deadlines, single = {}, {}, {}, {}

  local function hold(claim, backup)
    count = count + 1
    local token = request .. '.' .. count
    table.insert(claim.tokens, token)
    claim.id = claim.id or token
    table.insert(claims, claim.id)
    table.insert(claims, packClaim(claim))
    table.insert(leases, token)
    table.insert(leases, claim.id .. ' ' .. holder)
    table.insert(deadlines, deadlineMs)
    table.insert(deadlines, token)
    table.insert(lines, token .. ' ' .. int(claim.front) .. ' ' .. int(claim.hi) .. ' ' ..
      int(claim.attempts + 1) .. ' ' .. backup)
  end

  local function claimRuns(from, to)
    while count < leasesMax do
      local lo, hi, attempts = takePending(job, from, to, tasksMax * (leasesMax - count))
      if not lo then
        return
      end
      for front = lo, hi - 1, tasksMax do
        local claim = {
          front = front,
          hi = math.min(front + tasksMax, hi),
          attempts = attempts,
          claimedAtMs = nowMs,
          tokens = {},
        }
        hold(claim, '0')
        table.insert(single, nowMs)
        table.insert(single, claim.id)
      end
    end
  end

  for at = 9, #args, 2 do
    claimRuns(tonumber(args[at]), tonumber(args[at + 1]))
  end
  if preferOnly ~= '1' then
    claimRuns(0, tonumber(tasks))
    if copyBefore ~= '' and count < leasesMax and redis.call('EXISTS', job .. ':pending') == 0 then
      local old = redis.call('ZRANGEBYSCORE', job .. ':single', '-inf', '(' .. copyBefore, 'LIMIT', 0, copiesSeenMax)
      for _, id in ipairs(old) do
        if count >= leasesMax then
          break
        end
        local claim = readClaim(job, id)
        local _, holding = readLease(job, claim.tokens[1])
        if holding ~= holder then
          hold(claim, '1')
          redis.call('ZREM', job .. ':single', id)
        end
      end
    end
  end
  if count == 0 then
    return '', false
  end
  local settles = 0
  if untouched then
    local stage = cjson.decode(redis.call('HGET', job, 'stage'))
    if stage.entry == 'map' or stage.entry == 'init' then
      settles = unused
      settleChanges(job, (int(stage.round) .. ' '):rep(settles):sub(1, -2))
    end
  end
  lines[1] = table.concat({ number, int(tonumber(changesUsed or 0) + settles), int(settles), stepUntil or '' }, ' ')
  callWithPairs('HSET', job .. ':claims', claims)
  callWithPairs('HSET', job .. ':leases', leases)
  callWithPairs('ZADD', job .. ':deadlines', deadlines)
  callWithPairs('ZADD', job .. ':single', single)
  return table.concat(lines, '\n'), true
end)
