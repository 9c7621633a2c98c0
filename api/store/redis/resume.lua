-- args: request, by, nowMs, rounds of a step ("" for none) -> "resumed" | "held" (by another) | "already"
verb('resume', function(job, args)
  local request, by, nowMs, rounds = unpack(args)
  local status, stage, stepUntil = unpack(redis.call('HMGET', job, 'status', 'stage', 'stepUntil'))
  if not status or ended(status) then
    return 'already', false
  end
  local other = by == 'budget' and 'consumer' or 'budget'
  local held = redis.call('HEXISTS', job, 'pause:' .. other) == 1
  if redis.call('HEXISTS', job, 'pause:' .. by) == 0 then
    if by ~= 'consumer' or not stepUntil then
      return 'already', false
    end
    -- It does a step: more of it, or none.
    if rounds == '' then
      redis.call('HDEL', job, 'stepUntil')
    elseif held then
      return 'held', false
    else
      redis.call('HINCRBY', job, 'stepUntil', rounds)
    end
    changed(job, request)
    return held and 'held' or 'resumed', true
  end
  if held and rounds ~= '' then
    return 'held', false
  end
  redis.call('HDEL', job, 'pause:' .. by)
  if held then
    changed(job, request)
    return 'held', true
  end
  if rounds ~= '' then
    redis.call('HSET', job, 'stepUntil', int(math.max(cjson.decode(stage).round, 1) + tonumber(rounds) - 1))
  end
  redis.call('HSET', job, 'status', 'running')
  redis.call('HSETNX', job, 'startedAtMs', nowMs)
  changed(job, request)
  return 'resumed', true
end)
