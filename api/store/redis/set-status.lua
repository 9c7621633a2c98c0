-- args: request, status, nowMs, error (JSON or ""), resultStage (or ""), dropped stages…
-- -> "changed" | "already" | "garbage" (changed, and large dropped stages are to be collected)
verb('set_status', function(job, args)
  local request, status, nowMs, fault, resultStage = unpack(args, 1, 5)
  local before = redis.call('HGET', job, 'status')
  if not before or ended(before) or (status == 'running' and before ~= 'queued') then
    return 'already', false
  end
  redis.call('HSET', job, 'status', status)
  if status == 'running' then
    redis.call('HSETNX', job, 'startedAtMs', nowMs)
  end
  if fault ~= '' then
    redis.call('HSET', job, 'error', fault)
  end
  if resultStage ~= '' then
    redis.call('HSET', job, 'resultStage', resultStage)
  end
  if ended(status) then
    redis.call('HSET', job, 'endedAtMs', nowMs)
    redis.call('HDEL', job, 'pause:budget', 'pause:consumer', 'stepUntil')
    clearTasks(job)
  end
  local reply = dropStages(job, args, 6) and 'garbage' or 'changed'
  changed(job, request)
  return reply, true
end)
