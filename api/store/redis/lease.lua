-- args: request, holder, leases, tasksMax, nowMs, deadlineMs, copyBefore ("" for no copies), preferOnly ("1"), lo, hi, …
-- -> lines "stage" and then "token lo hi attempt backup" for each lease; "" when there are none
verb('lease', function(job, args)
  local request, holder, leases, tasksMax, nowMs, deadlineMs, copyBefore, preferOnly = unpack(args, 1, 8)
  leases, tasksMax = tonumber(leases), tonumber(tasksMax)
  local status, number, tasks = unpack(redis.call('HMGET', job, 'status', 'number', 'tasks'))
  if status ~= 'queued' and status ~= 'running' then
    return '', false
  end
  local lines = { number }

  local function hold(claim, backup)
    local token = request .. '.' .. #lines
    table.insert(claim.tokens, token)
    claim.id = claim.id or token
    writeClaim(job, claim)
    redis.call('HSET', job .. ':leases', token, claim.id .. ' ' .. holder)
    redis.call('ZADD', job .. ':deadlines', deadlineMs, token)
    table.insert(lines, token .. ' ' .. int(claim.front) .. ' ' .. int(claim.hi) .. ' ' ..
      int(claim.attempts + 1) .. ' ' .. backup)
  end

  local function claimRuns(from, to)
    while #lines <= leases do
      local lo, hi, attempts = takePending(job, from, to, tasksMax)
      if not lo then
        return
      end
      local claim = { front = lo, hi = hi, attempts = attempts, claimedAtMs = nowMs, tokens = {} }
      hold(claim, '0')
      redis.call('ZADD', job .. ':single', nowMs, claim.id)
    end
  end

  for at = 9, #args, 2 do
    claimRuns(tonumber(args[at]), tonumber(args[at + 1]))
  end
  if preferOnly ~= '1' then
    claimRuns(0, tonumber(tasks))
    if copyBefore ~= '' and #lines <= leases and redis.call('EXISTS', job .. ':pending') == 0 then
      local old = redis.call('ZRANGEBYSCORE', job .. ':single', '-inf', '(' .. copyBefore, 'LIMIT', 0, 1000)
      for _, id in ipairs(old) do
        if #lines > leases then
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
  if #lines == 1 then
    return '', false
  end
  return table.concat(lines, '\n'), true
end)
